package dev.varve.core.inventory;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Plays recorded cases of the attachment model and compares each step's result, value and the whole
 * state with the recording.
 *
 * <p>Where the recorded product departs from its documentation, a case says what is documented, and
 * that is what must come out. A case that is marked as a quirk of the product may come out
 * otherwise; {@link Outcome#departure} then says from where on.
 */
public final class ScenarioPlayer {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** After these the product is known to skip what its documentation promises. */
  private static final Set<String> DEPARTING =
      Set.of(
          "discardSettings",
          "restoreSnapshot",
          "unlockMachine",
          "detach",
          "removeController",
          "deleteSnapshot",
          "takeSnapshot");

  private final Path folder;
  private final ImageFiles images;
  private final SectorAccess bytes;

  /**
   * @param folder where the state folder and the disks go; empty
   */
  public ScenarioPlayer(Path folder, ImageFiles images, SectorAccess bytes) {
    this.folder = folder;
    this.images = images;
    this.bytes = bytes;
  }

  /** The cases of a folder, in the order of their names; or the one case of a file. */
  public static List<Path> cases(Path folder) throws IOException {
    if (Files.isRegularFile(folder)) return List.of(folder);
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
    }
  }

  /**
   * The file or folder that {@code -Dvarve.scenarios} names, from the module or from the project;
   * null if it names none.
   */
  public static @Nullable Path named() {
    String named = System.getProperty("varve.scenarios", "");
    if (named.isEmpty()) return null;
    Path fromModule = Path.of(named);
    return Files.exists(fromModule) ? fromModule : Path.of("..").resolve(named);
  }

  /** The cases that are {@link #named}, or those that come with these tests. */
  public static Path folder() {
    Path named = named();
    if (named != null) return named;
    var url = ScenarioPlayer.class.getResource("/scenarios");
    if (url == null) throw new AssertionError("there are no scenarios on the class path");
    return Path.of(java.net.URI.create(url.toString()));
  }

  /**
   * How a case went.
   *
   * @param departure why and from which step on it was not compared; null if all of it was
   */
  public record Outcome(String name, @Nullable String departure) {}

  public Outcome play(Path file) throws IOException {
    return play(MAPPER.readTree(file.toFile()));
  }

  /**
   * @throws AssertionError naming the case, the step and the differences
   */
  public Outcome play(JsonNode scenario) throws IOException {
    AtomicLong ids = new AtomicLong();
    Supplier<UUID> uuids =
        () -> new UUID(0x5cea_0000_4000L, 0x8000_0000_0000_0000L + ids.incrementAndGet());
    InstantSource clock = InstantSource.fixed(Instant.parse("2026-01-01T00:00:00Z"));
    Path disks = Files.createDirectories(folder.resolve("disks"));
    var surroundings =
        new Ports(images, new RecordingDisks(), clock, uuids, Runnable::run, e -> {});
    try (Inventory inventory = Inventory.open(folder.resolve("state"), surroundings)) {
      return new Run(scenario, inventory, disks).run();
    }
  }

  /** One case on its way. */
  private final class Run {
    private final JsonNode scenario;
    private final String name;
    private final Inventory inventory;
    private final ScenarioNames names = new ScenarioNames();
    private final ScenarioOperations operations;
    private final ScenarioLeniency leniency;
    private final JsonNode documented;
    private final Set<String> refusedSlots = new TreeSet<>();
    private JsonNode expected =
        JsonNodeFactory.instance
            .objectNode()
            .set("machines", JsonNodeFactory.instance.objectNode());
    private @Nullable String departure;

    Run(JsonNode scenario, Inventory inventory, Path disks) {
      this.scenario = scenario;
      this.name = scenario.path("name").asText();
      this.inventory = inventory;
      this.operations = new ScenarioOperations(inventory, bytes, disks, names);
      this.leniency = new ScenarioLeniency(operations.renamed(), operations::holds);
      this.documented = scenario.path("documented");
      fields(
          "case",
          scenario,
          Set.of("name", "topic", "title", "recordedFrom", "note", "quirk", "documented", "steps"));
      fields(
          "documented",
          documented,
          Set.of("text", "stepResults", "finalAttachments", "finallyDeleted", "finallyUsedBy"));
    }

    Outcome run() {
      int number = 0;
      for (JsonNode step : scenario.get("steps")) step(number++, step);
      if (!documented.isMissingNode()) finals();
      return new Outcome(name, departure);
    }

    private void step(int number, JsonNode step) {
      fields(
          "step",
          step,
          Set.of("op", "args", "result", "message", "value", "after", "serverCrashed"));
      JsonNode before = expected;
      if (step.has("after")) expected = step.get("after");
      boolean pending = pending(step);
      operations.remember();
      String result = "OK";
      JsonNode value = null;
      String message = "";
      try {
        value = operations.run(step.get("op").asText(), step.get("args"));
      } catch (ModelException e) {
        result = e.code().name();
        message = e.getMessage();
      }
      names.nameNew(inventory.view());
      survivors(step, before);
      doubt(step, result, pending);

      List<String> differences = new ArrayList<>();
      if (departure == null && step.path("serverCrashed").asBoolean())
        departure = "step %d: the recorded product died here".formatted(number);
      if (departure == null) {
        String wanted = step.path("result").asText();
        if (!sameResult(step, wanted, result))
          differences.add("result: recorded %s, is %s (%s)".formatted(wanted, result, message));
        if (step.hasNonNull("value") && result.equals("OK"))
          compareValue(step.get("value"), value, differences);
        differences.addAll(
            new StateComparison(leniency)
                .compare(expected, new Observation(inventory.view(), names).state()));
        if (!differences.isEmpty()) depart(number, step, result, differences);
      }
      JsonNode promised = documented.path("stepResults").path(Integer.toString(number));
      if (!promised.isMissingNode() && !promised.asText().equals(result))
        throw failure(
            number,
            step,
            List.of(
                "documented result %s, is %s (%s)".formatted(promised.asText(), result, message)));
    }

    // ---- results

    private boolean sameResult(JsonNode step, String recorded, String result) {
      if (recorded.equals(result)) return true;
      String operation = step.get("op").asText();
      JsonNode args = step.get("args");
      // A medium that a merge has used up is gone, and any error says so.
      for (String argument : List.of("medium", "source", "target", "parent"))
        if (args.hasNonNull(argument)
            && names.medium(args.get(argument).asText()) != null
            && operations.medium(args.get(argument).asText()) == null)
          return !recorded.equals("OK") && !result.equals("OK");
      if (operation.equals("openMedium"))
        return recorded.equals(ErrorCode.VBOX_E_OBJECT_NOT_FOUND.name())
            && result.equals(ErrorCode.VBOX_E_FILE_ERROR.name());
      return refusedSlots.contains(slot(args)) || isNonsense(step, recorded, result);
    }

    /** The product takes devices that are no storage; Varve does not, and the slot stays empty. */
    private boolean isNonsense(JsonNode step, String recorded, String result) {
      boolean refused =
          step.get("op").asText().equals("attach")
              && recorded.equals("OK")
              && result.equals(ErrorCode.E_INVALIDARG.name())
              && !step.get("args").hasNonNull("medium");
      if (refused) refusedSlots.add(slot(step.get("args")));
      return refused;
    }

    private static String slot(JsonNode args) {
      return "%s %s:%s.%s"
          .formatted(
              args.path("machine").asText(),
              args.path("controller").asText(),
              args.path("port").asText(),
              args.path("device").asText());
    }

    private void compareValue(JsonNode wanted, @Nullable JsonNode value, List<String> differences) {
      if (value == null || !canonical(wanted).equals(canonical(value)))
        differences.add("value: recorded %s, is %s".formatted(wanted, value));
    }

    private static Object canonical(JsonNode json) {
      if (json.isArray()) {
        List<String> elements = new ArrayList<>();
        json.forEach(element -> elements.add(canonical(element).toString()));
        elements.sort(null);
        return elements;
      }
      if (!json.isObject()) return json.asText();
      // A list alone, under whatever name, is the list.
      if (json.size() == 1 && json.elements().next().isArray())
        return canonical(json.elements().next());
      Map<String, Object> fields = new TreeMap<>();
      json.fields()
          .forEachRemaining(
              e -> {
                boolean chain = e.getKey().equals("chain");
                fields.put(e.getKey(), chain ? e.getValue().toString() : canonical(e.getValue()));
              });
      return fields;
    }

    // ---- where recordings are not to be taken at their word

    private boolean pending(JsonNode step) {
      String machine = step.get("args").path("machine").asText();
      return inventory.view().machines().values().stream()
          .anyMatch(m -> m.saved().name().equals(machine) && m.modified());
    }

    private void doubt(JsonNode step, String result, boolean pending) {
      JsonNode args = step.get("args");
      String machine = args.path("machine").asText();
      boolean ok = result.equals("OK");
      switch (step.get("op").asText()) {
        case "saveSettings" -> {
          if (ok) leniency.saved(machine);
          if (!pending) leniency.written(machine);
        }
        case "takeSnapshot", "restoreSnapshot" -> {
          if (ok) leniency.atSnapshot(machine);
          else leniency.inconsistent(machine);
        }
        case "discardSettings", "unlockMachine" -> leniency.inconsistent(machine);
        default -> {
          if (!ok && !machine.isEmpty()) leniency.inconsistent(machine);
        }
      }
      // A medium that moves into the registry of another machine makes the product write its file.
      for (View.MachineView other : inventory.view().machines().values())
        if (!other.saved().name().equals(machine) && ok && other.modified())
          leniency.writtenForAnother(other.saved().name());
    }

    /** Of two images that became one, the product picks the survivor by size, and so do we. */
    private void survivors(JsonNode step, JsonNode before) {
      if (!Set.of("deleteSnapshot", "mergeMedium").contains(step.get("op").asText())) return;
      Set<String> wanted = StateComparison.names(expected.path("media"));
      Set<String> seen =
          StateComparison.names(new Observation(inventory.view(), names).state().get("media"));
      Set<String> missing = new TreeSet<>(wanted);
      missing.removeAll(seen);
      Set<String> surplus = new TreeSet<>(seen);
      surplus.removeAll(wanted);
      for (String survivor : surplus)
        for (String gone : missing)
          if (areNeighbours(before.path("media"), survivor, gone)) names.survivesAs(gone, survivor);
    }

    private static boolean areNeighbours(JsonNode media, String one, String other) {
      JsonNode first = media.path(one);
      JsonNode second = media.path(other);
      boolean bothDiffer = first.path("parent").isTextual() && second.path("parent").isTextual();
      return bothDiffer
          && (first.get("parent").asText().equals(other)
              || second.get("parent").asText().equals(one));
    }

    /** The first difference: allowed where the product is known to be odd. */
    private void depart(int number, JsonNode step, String result, List<String> differences) {
      boolean isDocumented =
          !documented.isMissingNode() && DEPARTING.contains(step.get("op").asText());
      boolean refusedNonsense =
          step.path("result").asText().equals("OK")
              && isRefusedOnPurpose(step.get("op").asText(), result);
      if (!isDocumented && !scenario.has("quirk") && !refusedNonsense)
        throw failure(number, step, differences);
      departure = "step %d %s: %s".formatted(number, step.get("op").asText(), differences);
    }

    /** Combinations that the product takes, and that no rule forbids Varve to refuse. */
    private static boolean isRefusedOnPurpose(String operation, String result) {
      return switch (operation) {
        case "attach" -> result.equals(ErrorCode.E_INVALIDARG.name());
        case "mount" ->
            result.equals(ErrorCode.VBOX_E_OBJECT_IN_USE.name())
                || result.equals(ErrorCode.E_INVALIDARG.name());
        case "unmount" -> result.equals(ErrorCode.VBOX_E_INVALID_OBJECT_STATE.name());
        case "assignBandwidthGroup" -> result.equals(ErrorCode.VBOX_E_OBJECT_NOT_FOUND.name());
        default -> false;
      };
    }

    // ---- what is documented of the end

    private void finals() {
      JsonNode state = new Observation(inventory.view(), names).state();
      List<String> differences = new ArrayList<>();
      documented
          .path("finalAttachments")
          .fields()
          .forEachRemaining(
              e -> {
                Set<String> wanted = new TreeSet<>();
                e.getValue().forEach(text -> wanted.add(text.asText()));
                Set<String> seen = new TreeSet<>();
                for (JsonNode a : state.get("machines").path(e.getKey()).path("attachments"))
                  seen.add(
                      "%s:%s.%s=%s"
                          .formatted(
                              a.get("controller").asText(),
                              a.get("port"),
                              a.get("device"),
                              a.get("medium").asText()));
                if (!wanted.equals(seen))
                  differences.add(
                      "attachments of %s: documented %s, are %s"
                          .formatted(e.getKey(), wanted, seen));
              });
      for (JsonNode gone : documented.path("finallyDeleted"))
        if (state.get("media").has(gone.asText()))
          differences.add(gone.asText() + " should be deleted");
      documented
          .path("finallyUsedBy")
          .fields()
          .forEachRemaining(
              e -> {
                var wanted = StateComparison.uses(e.getValue());
                var seen = StateComparison.uses(state.get("media").path(e.getKey()).path("usedBy"));
                if (!wanted.equals(seen))
                  differences.add(
                      "uses of %s: documented %s, are %s".formatted(e.getKey(), wanted, seen));
              });
      if (!differences.isEmpty())
        throw new AssertionError(name + ", at the end: " + String.join("\n  ", differences));
    }

    private AssertionError failure(int number, JsonNode step, List<String> differences) {
      return new AssertionError(
          "%s, step %d, %s %s:%n  %s"
              .formatted(
                  name,
                  number,
                  step.get("op").asText(),
                  step.get("args"),
                  String.join("\n  ", differences)));
    }
  }

  private static void fields(String what, JsonNode json, Set<String> known) {
    Set<String> unknown = StateComparison.names(json);
    unknown.removeAll(known);
    if (!unknown.isEmpty())
      throw new AssertionError(
          "the player does not know fields %s of a %s".formatted(unknown, what));
  }
}
