package dev.varve.http.command;

import static dev.varve.http.command.ImageTool.image;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The server is killed while snapshots of a running machine are taken and deleted, and its guest
 * works. Started again it has every flushed byte, a model that is the one before or after what was
 * being done, the images of that model and no others; and every snapshot shows what it always did.
 *
 * <p>{@code -Dvarve.seed=N} repeats the choices of one run, though not its timing; {@code
 * -Dvarve.kills=N} kills so often.
 */
class MachineCrashTest {

  private static final int CAPACITY = 16 << 20;
  private static final int KILLS = Integer.getInteger("varve.kills", 3);
  private static final int MOST_SNAPSHOTS = 5;

  @TempDir Path folder;

  private final Map<String, ByteBuffer> shown = new HashMap<>();
  private final List<String> snapshots = new ArrayList<>();
  private String format = "";
  private Path disk = Path.of("");
  private ControlTool varve;
  private int taken;

  static Stream<Arguments> runs() {
    return Stream.of("vdi", "vmdk", "vhd")
        .map(format -> Arguments.of(format, Long.getLong("varve.seed", new Random().nextLong())));
  }

  private void aMachineWithADisk() throws Exception {
    varve = new ControlTool(folder.resolve("state"));
    try (var server = VarveProcess.start(folder, serve())) {
      server.line();
      varve.run("machine", "create", "mail");
      varve.run("machine", "controller", "add", "mail", "SATA", "--bus", "SATA");
      varve.run("medium", "create", disk, "--size", "16M", "--format", format);
      varve.run("machine", "attach", "mail", "SATA:0", disk);
      varve.run("machine", "set", "mail", "SATA:0", "--discard", "on");
      server.terminate();
      assertEquals(0, server.exitStatus(), server::errors);
    }
  }

  private static String[] serve(String... more) {
    return Stream.concat(
            Stream.of("serve", "--state", "state", "--api-tcp", "off", "--output", "json"),
            Stream.of(more))
        .toArray(String[]::new);
  }

  private static String[] serveMachine() {
    return serve("--machine", "state/machines/mail/mail.vbox");
  }

  @ParameterizedTest(name = "{0}, varve.seed={1}")
  @MethodSource("runs")
  void whatWasFlushedAndEverySnapshotOutlivesAKillAtAnyMoment(String format, long seed)
      throws Exception {
    this.format = format;
    disk = folder.resolve("disk." + format);
    aMachineWithADisk();
    var random = new Random(seed);
    var versions = new SectorVersions(new byte[CAPACITY], 1);
    try (ExecutorService guests = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int kills = 0; kills < KILLS; kills++) {
        String when = "varve.seed=" + seed + ", after kill " + kills;
        try (var server = VarveProcess.start(folder, serveMachine())) {
          server.line();
          checkModel(when);
          try (var export = new NbdSocket(folder.resolve("state/nbd.sock"))) {
            byte[] found = export.readAll(CAPACITY);
            versions.check(found, when);
            versions = new SectorVersions(found, versions.nextNumber());
            var kill = new AfterEvents(50 + random.nextInt(1000), random, server::kill);
            var guest =
                new RandomGuest(export, versions, new Random(random.nextLong()), kill::happened);
            Future<?> working = guests.submit(guest::workUntilTheServerEnds);
            operateUntilTheServerEnds(random);
            working.get();
          }
          assertEquals(128 + 9, server.exitStatus(), server::errors);
        }
        // Wasted space, and no damage. Grain tables that differ are mended by the next start.
        if (!format.equals("vmdk")) for (Path each : images()) ImageTool.status(each);
      }
    }
    String when = "varve.seed=" + seed + ", after the last kill";
    try (var server = VarveProcess.start(folder, serveMachine())) {
      server.line();
      checkModel(when);
      try (var export = new NbdSocket(folder.resolve("state/nbd.sock"))) {
        versions.check(export.readAll(CAPACITY), when);
      }
      while (!snapshots.isEmpty()) delete(snapshots.getFirst());
      server.terminate();
      assertEquals(0, server.exitStatus(), server::errors);
    }
    versions.check(contents(disk), when + " and all deletions");
    assertEquals("clean", ImageTool.status(disk), when);
    assertTrue(taken > 0, "no snapshot was taken before any of " + KILLS + " kills");
  }

  // ---- what an operator does

  private void operateUntilTheServerEnds(Random random) {
    try {
      while (true) {
        if (snapshots.size() < MOST_SNAPSHOTS && random.nextInt(5) < 3) take("S" + ++taken);
        else if (!snapshots.isEmpty()) delete(snapshots.get(random.nextInt(snapshots.size())));
      }
    } catch (AssertionError e) {
      // A refusal names its rule; anything else is what a client gets whose server is gone.
      if (e.getMessage().matches("(?s).*\\((VBOX_)?E_[A-Z_]+\\).*")) throw e;
    }
  }

  private void take(String name) {
    varve.run("machine", "snapshot", "take", "mail", name);
    snapshots.add(name);
  }

  private void delete(String name) {
    varve.run("machine", "snapshot", "delete", "mail", name);
    snapshots.remove(name);
    shown.remove(name);
  }

  // ---- what must be so

  private void checkModel(String when) throws IOException {
    List<String> found = new ArrayList<>();
    for (Object each : varve.run("machine", "snapshot", "list", "mail").getJsonArray("snapshots"))
      found.add(((JsonObject) each).getString("name"));
    checkSnapshots(found, when);
    snapshots.clear();
    snapshots.addAll(found);

    Map<String, JsonObject> media = new HashMap<>();
    for (Object each : varve.run("medium", "list").getJsonArray("media")) {
      var medium = (JsonObject) each;
      media.put(medium.getString("id"), medium);
    }
    checkFiles(media, when);
    for (String snapshot : found) {
      var attached =
          varve
              .run("machine", "snapshot", "show", "mail", snapshot)
              .getJsonObject("hardware")
              .getJsonArray("attachments")
              .getJsonObject(0);
      Path top = Path.of(media.get(attached.getString("medium")).getString("location"));
      ByteBuffer now = ByteBuffer.wrap(contents(top));
      ByteBuffer before = shown.putIfAbsent(snapshot, now);
      if (before != null)
        assertEquals(-1, now.mismatch(before), when + ": " + snapshot + " shows something else");
    }
  }

  /** A snapshot may have been taken or deleted without an answer. */
  private void checkSnapshots(List<String> found, String when) {
    List<String> more = new ArrayList<>(snapshots);
    more.add("S" + taken);
    boolean asKnown = found.equals(snapshots) || found.equals(more);
    List<String> left = new ArrayList<>(snapshots);
    left.removeAll(found);
    boolean oneLess =
        left.size() == 1 && found.size() == snapshots.size() - 1 && snapshots.containsAll(found);
    assertTrue(asKnown || oneLess, when + ": of " + snapshots + " there are " + found);
  }

  private void checkFiles(Map<String, JsonObject> media, String when) throws IOException {
    var registered = new TreeSet<Path>();
    media.values().forEach(medium -> registered.add(Path.of(medium.getString("location"))));
    assertEquals(registered, images(), when);
  }

  private TreeSet<Path> images() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(file -> file.toString().endsWith("." + format))
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  private byte[] contents(Path top) throws IOException {
    Path raw = Files.createTempFile(folder, "contents", ".raw");
    Files.delete(raw);
    try {
      image("convert", top, raw, "--search", folder);
      return Files.readAllBytes(raw);
    } finally {
      Files.deleteIfExists(raw);
    }
  }
}
