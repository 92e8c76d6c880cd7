package dev.varve.core.inventory;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/**
 * Where a recorded state and an observed one differ. Lists have no order; a field that is not known
 * is a difference too.
 */
final class StateComparison {

  private static final Set<String> ATTACHMENT =
      Set.of(
          "controller",
          "port",
          "device",
          "type",
          "medium",
          "chain",
          "passthrough",
          "temporaryEject",
          "isEjected",
          "nonRotational",
          "discard",
          "hotPluggable",
          "bandwidthGroup",
          "bandwidthGroupError");
  private static final Set<String> STORAGE_TYPES = Set.of("HardDisk", "DVD", "Floppy");

  private final List<String> differences = new ArrayList<>();
  private final ScenarioLeniency leniency;

  StateComparison(ScenarioLeniency leniency) {
    this.leniency = leniency;
  }

  List<String> compare(JsonNode recorded, JsonNode observed) {
    differences.clear();
    fields("state", recorded, Set.of("machines", "media"));
    JsonNode machines = recorded.path("machines");
    same("machines", names(machines), names(observed.get("machines")));
    for (String name : names(machines))
      if (observed.get("machines").has(name))
        machine(name, machines.get(name), observed.get("machines").get(name));
    JsonNode media = recorded.path("media");
    same("media", names(media), names(observed.get("media")));
    for (String name : names(media))
      if (observed.get("media").has(name))
        medium(name, media.get(name), observed.get("media").get(name));
    return List.copyOf(differences);
  }

  private void machine(String name, JsonNode recorded, JsonNode observed) {
    fields(
        "machine " + name,
        recorded,
        Set.of(
            "attachments",
            "committedAttachments",
            "snapshots",
            "currentSnapshot",
            "currentStateModified",
            "controllers",
            "bandwidthGroups",
            "settingsModified"));
    JsonNode working = recorded.path("attachments");
    same(
        "attachments of " + name,
        attachments(working),
        attachments(observed.get("attachments"), groupErrors(working)));
    committed(name, recorded, observed);
    if (recorded.has("settingsModified") && !leniency.settingsModified(name))
      same(
          "settingsModified of " + name,
          recorded.get("settingsModified").asBoolean(),
          observed.get("settingsModified").asBoolean());
    snapshots(name, recorded.path("snapshots"), observed.get("snapshots"));
    same(
        "current snapshot of " + name,
        recorded.path("currentSnapshot").asText("none").replace("null", "none"),
        observed.get("currentSnapshot").asText("none").replace("null", "none"));
    if (recorded.has("currentStateModified")) {
      boolean wanted = recorded.get("currentStateModified").asBoolean();
      boolean seen = observed.get("currentStateModified").asBoolean();
      if (!leniency.stateModified(name, wanted, seen))
        same("currentStateModified of " + name, wanted, seen);
    }
    same(
        "controllers of " + name,
        set(recorded.path("controllers")),
        set(observed.get("controllers")));
    same(
        "bandwidth groups of " + name,
        groups(recorded.path("bandwidthGroups"), working),
        groups(observed.get("bandwidthGroups"), observed.get("attachments")));
  }

  /**
   * The product shares attachment objects between the saved state and a session: flags, images in
   * drives and new names of controllers show in both before they are saved. What is compared is
   * which hard disks and drives are where.
   */
  private void committed(String name, JsonNode recorded, JsonNode observed) {
    JsonNode committed =
        recorded.has("committedAttachments")
            ? recorded.get("committedAttachments")
            : recorded.path("attachments");
    UnaryOperator<String> rename = leniency::nameAfterRename;
    same(
        "committed attachments of " + name,
        places(committed, UnaryOperator.identity()),
        places(observed.get("committedAttachments"), rename));
  }

  private static Set<String> places(JsonNode attachments, UnaryOperator<String> rename) {
    Set<String> places = new TreeSet<>();
    for (JsonNode a : attachments) {
      if (!STORAGE_TYPES.contains(a.get("type").asText())) continue;
      boolean disk = a.get("type").asText().equals("HardDisk");
      places.add(
          "%s:%s.%s=%s %s"
              .formatted(
                  rename.apply(a.get("controller").asText()),
                  a.get("port"),
                  a.get("device"),
                  a.get("type").asText(),
                  disk ? a.get("medium").asText() : "drive"));
    }
    return places;
  }

  private void snapshots(String machine, JsonNode recorded, JsonNode observed) {
    List<String> wanted = new ArrayList<>();
    List<String> seen = new ArrayList<>();
    for (JsonNode snapshot : recorded) {
      fields("snapshot", snapshot, Set.of("name", "parent", "attachments"));
      wanted.add(snapshot(snapshot));
    }
    for (JsonNode snapshot : observed) seen.add(snapshot(snapshot));
    wanted.sort(null);
    seen.sort(null);
    same("snapshots of " + machine, wanted, seen);
  }

  private String snapshot(JsonNode snapshot) {
    return "%s after %s: %s"
        .formatted(
            snapshot.get("name").asText(),
            snapshot.path("parent").asText("null"),
            attachments(snapshot.get("attachments")));
  }

  private static Set<String> groupErrors(JsonNode attachments) {
    Set<String> slots = new HashSet<>();
    for (JsonNode a : attachments) if (a.has("bandwidthGroupError")) slots.add(slot(a));
    return slots;
  }

  private Set<String> attachments(JsonNode attachments) {
    return attachments(attachments, Set.of());
  }

  /**
   * @param unresolved slots whose group the product could not tell, though there is one
   */
  private Set<String> attachments(JsonNode attachments, Set<String> unresolved) {
    Set<String> texts = new TreeSet<>();
    for (JsonNode a : attachments) {
      fields("attachment", a, ATTACHMENT);
      // The product takes any device type; Varve refuses those that are no storage.
      if (!STORAGE_TYPES.contains(a.get("type").asText())) continue;
      Map<String, String> values = new TreeMap<>();
      a.fields().forEachRemaining(e -> values.put(e.getKey(), e.getValue().toString()));
      boolean error = values.remove("bandwidthGroupError") != null;
      if (error) values.put("bandwidthGroup", "some");
      if (unresolved.contains(slot(a)) && values.containsKey("bandwidthGroup"))
        values.put("bandwidthGroup", "some");
      texts.add(values.toString());
    }
    return texts;
  }

  private static String slot(JsonNode a) {
    return "%s:%s.%s".formatted(a.get("controller").asText(), a.get("port"), a.get("device"));
  }

  /** The product forgets to release a group at detach; what counts is who names it now. */
  private Set<String> groups(JsonNode groups, JsonNode attachments) {
    Set<String> texts = new TreeSet<>();
    for (JsonNode group : groups) {
      fields("bandwidth group", group, Set.of("name", "type", "maxBytesPerSec", "references"));
      int live = 0;
      int unresolved = 0;
      for (JsonNode a : attachments) {
        if (a.path("bandwidthGroup").asText().equals(group.get("name").asText())) live++;
        if (a.has("bandwidthGroupError")) unresolved++;
      }
      int references = group.get("references").asInt();
      boolean leaked = unresolved == 0 && references > live;
      texts.add(
          "%s %s %s %d"
              .formatted(
                  group.get("name").asText(),
                  group.get("type").asText(),
                  group.get("maxBytesPerSec"),
                  leaked ? live : references));
    }
    return texts;
  }

  private void medium(String name, JsonNode recorded, JsonNode observed) {
    fields(
        "medium " + name,
        recorded,
        Set.of(
            "device",
            "format",
            "mediumType",
            "parent",
            "readOnly",
            "state",
            "autoReset",
            "inSnapshotFolder",
            "children",
            "usedBy"));
    for (String field :
        List.of(
            "device",
            "format",
            "mediumType",
            "parent",
            "readOnly",
            "autoReset",
            "inSnapshotFolder"))
      same(
          "%s of %s".formatted(field, name),
          recorded.path(field).toString(),
          observed.path(field).toString());
    String state = recorded.path("state").asText();
    if (!leniency.mediumState(name, state))
      same("state of " + name, state, observed.get("state").asText());
    same("children of " + name, set(recorded.path("children")), set(observed.get("children")));
    same("uses of " + name, uses(recorded.path("usedBy")), uses(observed.get("usedBy")));
  }

  static Map<String, List<String>> uses(JsonNode usedBy) {
    Map<String, List<String>> uses = new TreeMap<>();
    usedBy
        .fields()
        .forEachRemaining(
            e -> {
              List<String> list = new ArrayList<>();
              e.getValue().forEach(use -> list.add(use.asText()));
              list.sort(null);
              if (!list.isEmpty()) uses.put(e.getKey(), list);
            });
    return uses;
  }

  static Set<String> names(JsonNode object) {
    Set<String> names = new TreeSet<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private static List<String> set(JsonNode array) {
    List<String> set = new ArrayList<>();
    for (JsonNode element : array) {
      Map<String, String> values = new TreeMap<>();
      element.fields().forEachRemaining(e -> values.put(e.getKey(), e.getValue().toString()));
      set.add(element.isObject() ? values.toString() : element.toString());
    }
    set.sort(null);
    return set;
  }

  private void fields(String what, JsonNode json, Set<String> known) {
    Set<String> unknown = names(json);
    unknown.removeAll(known);
    if (!unknown.isEmpty())
      throw new AssertionError("the player does not know fields %s of %s".formatted(unknown, what));
  }

  private void same(String what, Object recorded, Object observed) {
    if (!recorded.equals(observed))
      differences.add("%s: recorded %s, is %s".formatted(what, recorded, observed));
  }
}
