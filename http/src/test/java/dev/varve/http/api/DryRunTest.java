package dev.varve.http.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.http.api.Api.Reply;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What {@code dryRun} answers is what the operation then does to the files of the host. */
final class DryRunTest extends OnAControlPlane {

  private static final long MIB = 1 << 20;
  private static final String MACHINE = "mail";

  private Path disk;

  @BeforeEach
  void makeAMachineWithADisk() {
    disk = api.makeDisk(images.resolve("disk.vdi"), 64 * MIB);
    api.makeMachine(MACHINE);
    api.attach(MACHINE, 0, disk).is(201);
  }

  @Test
  void deletedSnapshotFreesItsImages() throws IOException {
    snapshot("S1");
    snapshot("S2");
    JsonObject preview = preview(api.ask("deleteSnapshot", MACHINE, "S1").query("dryRun", true));

    Set<Path> before = files();
    ended(api.ask("deleteSnapshot", MACHINE, "S1").is(202));

    assertEquals(without(before, files()), locations(preview, "deleted"));
    assertEquals(1, locations(preview, "deleted").size());
    assertTrue(preview.getBoolean("irreversible"));
    assertTrue(preview.getLong("freedBytes") > 0);
    assertTrue(preview.getLong("neededBytes") > 0);
  }

  @Test
  void restoredSnapshotReplacesTheCurrentImage() throws IOException {
    snapshot("S1");
    JsonObject preview = preview(api.ask("restoreSnapshot", MACHINE, "S1").query("dryRun", true));

    Set<Path> before = files();
    api.ask("restoreSnapshot", MACHINE, "S1").is(204);

    assertEquals(without(before, files()), locations(preview, "deleted"));
    assertEquals(without(files(), before).size(), locations(preview, "created").size());
  }

  @Test
  void deletedMediumGivesBackWhatItTakes() throws IOException {
    Path spare = images.resolve("spare.vdi");
    api.ask("createMedium")
        .body("location", spare, "capacity", 8 * MIB, "variant", "Fixed")
        .is(201);
    JsonObject preview =
        preview(api.ask("removeMedium", spare).query("deleteStorage", true).query("dryRun", true));

    assertEquals(Set.of(spare), locations(preview, "deleted"));
    assertTrue(preview.getLong("freedBytes") >= 8 * MIB, preview::encode);
    assertTrue(Files.exists(spare));
    api.ask("removeMedium", spare).query("deleteStorage", true).is(204);
  }

  @Test
  void imageWithAnotherNameGivesNothingBack() throws IOException {
    Path spare = images.resolve("spare.vdi");
    api.ask("createMedium")
        .body("location", spare, "capacity", 8 * MIB, "variant", "Fixed")
        .is(201);
    Files.createLink(images.resolve("second-name"), spare);

    JsonObject preview =
        preview(api.ask("removeMedium", spare).query("deleteStorage", true).query("dryRun", true));

    assertEquals(Set.of(spare), locations(preview, "deleted"));
    assertEquals(0, preview.getLong("freedBytes"));
  }

  @Test
  void damagedImageCanBePreviewedAsItCanBeDeleted() throws IOException {
    Path spare = images.resolve("spare.vdi");
    api.ask("createMedium").body("location", spare, "capacity", 8 * MIB).is(201);
    try (var file = FileChannel.open(spare, StandardOpenOption.WRITE)) {
      file.truncate(100);
    }

    JsonObject preview =
        preview(api.ask("removeMedium", spare).query("deleteStorage", true).query("dryRun", true));

    assertEquals(Set.of(spare), locations(preview, "deleted"));
    api.ask("removeMedium", spare).query("deleteStorage", true).is(204);
  }

  @Test
  void runningMachineGoesOn() {
    api.ask("startMachine", MACHINE).is(200);

    JsonObject preview = preview(api.ask("powerDownMachine", MACHINE).query("dryRun", true));

    assertFalse(preview.getBoolean("irreversible"));
    assertTrue(
        preview.getJsonArray("changes").contains("machine 'mail' is powered down"),
        preview::encode);
    assertEquals("Running", api.ask("getMachine", MACHINE).is(200).body().getString("state"));
    JsonObject again = refusal(api.ask("startMachine", MACHINE).query("dryRun", true).is(409));
    assertEquals(refusal(api.ask("startMachine", MACHINE).is(409)), again);
  }

  @Test
  void machineThatASessionHoldsIsRefusedAsUsual() {
    Reply session = api.ask("lockMachine", MACHINE).body("type", "Write").is(201);

    JsonObject said =
        refusal(api.ask("detach", MACHINE, "SATA", 0, 0).query("dryRun", true).is(409));

    assertEquals(refusal(api.ask("detach", MACHINE, "SATA", 0, 0).is(409)), said);
    preview(api.ask("detach", MACHINE, "SATA", 0, 0).in(session.id()).query("dryRun", true));
    preview(api.ask("discardSession", session.id()).query("dryRun", true));
    api.ask("getAttachment", MACHINE, "SATA", 0, 0).query("copy", "working").is(200);
  }

  @Test
  void nothingIsLockedAfterwards() {
    preview(api.ask("detach", MACHINE, "SATA", 0, 0).query("dryRun", true));

    assertEquals(new JsonArray(), api.ask("listSessions").is(200).body().getJsonArray("sessions"));
    assertEquals(new JsonArray(), api.ask("listJobs").is(200).body().getJsonArray("jobs"));
    api.ask("detach", MACHINE, "SATA", 0, 0).is(204);
  }

  @Test
  void whatHasChangedSinceThePreviewIsRefused() {
    String seen = api.ask("detach", MACHINE, "SATA", 0, 0).query("dryRun", true).is(200).etag();
    api.ask("addController", MACHINE).body("name", "IDE", "bus", "IDE").is(201);

    api.ask("detach", MACHINE, "SATA", 0, 0).ifMatch(seen).is(412);

    String now = api.ask("detach", MACHINE, "SATA", 0, 0).query("dryRun", true).is(200).etag();
    assertNotEquals(seen, now);
    api.ask("detach", MACHINE, "SATA", 0, 0).ifMatch(now).is(204);
  }

  /** All but the number of the request. */
  private static JsonObject refusal(Reply reply) {
    JsonObject problem = reply.body();
    problem.remove("instance");
    return problem;
  }

  @Test
  void previewNeedsTheSamePreconditions() {
    Supplier<Api.Ask> ask = () -> api.ask("detach", MACHINE, "SATA", 0, 0).ifMatch("\"other\"");

    assertEquals(refusal(ask.get().is(412)), refusal(ask.get().query("dryRun", true).is(412)));
  }

  @Test
  void machineThatCannotBeReadIsNotOpenedByAPreview() throws IOException {
    String file = api.ask("getMachine", MACHINE).is(200).body().getString("settingsFile");
    endControlPlane();
    String text = Files.readString(Path.of(file));
    Files.writeString(Path.of(file), "not XML");
    startControlPlane();
    Files.writeString(Path.of(file), text);

    api.ask("reloadMachine", file).query("dryRun", true).refused(422, "VBOX_E_NOT_SUPPORTED");
    preview(api.ask("unregisterMachine", file).query("dryRun", true));
    assertEquals(1, api.ask("listMachines").is(200).body().getJsonArray("bad").size());
    api.ask("reloadMachine", file).is(200);
  }

  // ---- in few words

  private JsonObject preview(Api.Ask ask) {
    Set<Path> before = files();
    JsonObject preview = ask.is(200).body();
    assertTrue(preview.getString("summary").endsWith("."), preview::encode);
    assertEquals(before, files());
    assertEquals(List.of(), plane.bugs());
    return preview;
  }

  private void snapshot(String name) {
    api.ask("takeSnapshot", MACHINE).body("name", name).is(201);
  }

  private void ended(Reply job) {
    Reply reply = api.ask("getJob", job.id()).query("waitSeconds", 30).is(200);
    assertEquals("Done", reply.body().getString("state"), reply.body()::encode);
  }

  private static Set<Path> locations(JsonObject preview, String action) {
    return preview.getJsonArray("files").stream()
        .map(JsonObject.class::cast)
        .filter(file -> file.getString("action").equals(action))
        .map(file -> Path.of(file.getString("location")))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<Path> without(Set<Path> some, Set<Path> others) {
    Set<Path> left = new TreeSet<>(some);
    left.removeAll(others);
    return left;
  }

  /** But for the journal, which is Varve's own. */
  private Set<Path> files() {
    try (Stream<Path> all = Stream.concat(Files.walk(folder), Files.walk(images))) {
      return all.filter(Files::isRegularFile)
          .filter(file -> !file.startsWith(folder.resolve("journal")))
          .collect(Collectors.toCollection(TreeSet::new));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
