package dev.varve.http.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.http.api.Api.Reply;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What happens to changes: of things that others change too, within sessions, and half refused. */
final class ChangesTest extends OnAControlPlane {

  @BeforeEach
  void makeMachine() {
    api.makeMachine("m");
  }

  private JsonObject controller() {
    return api.ask("getController", "m", "SATA").is(200).body();
  }

  private Path disk(String name) {
    return api.makeDisk(images.resolve(name), 1 << 20);
  }

  // ---- ETags

  @Test
  void ofTwoWhoSawTheSameOnlyTheFirstChangesIt() {
    String seen = api.ask("getMachine", "m").is(200).etag();

    Reply first =
        api.ask("changeController", "m", "SATA").ifMatch(seen).body("portCount", 2).is(200);
    Reply second =
        api.ask("changeController", "m", "SATA")
            .ifMatch(seen)
            .body("portCount", 3)
            .refused(412, "VBOX_E_INVALID_OBJECT_STATE");

    assertEquals(2, controller().getInteger("portCount"));
    assertTrue(second.detail().contains(first.etag()), second.detail());
    assertEquals(first.etag(), api.ask("getMachine", "m").is(200).etag());
  }

  @Test
  void ofManyAtOnceWhoSawTheSameExactlyOneChangesIt() throws Exception {
    String seen = api.ask("getMachine", "m").is(200).etag();
    try (ExecutorService clients = Executors.newFixedThreadPool(8)) {
      List<CompletableFuture<Integer>> statuses =
          IntStream.range(0, 8)
              .mapToObj(
                  i ->
                      CompletableFuture.supplyAsync(
                          () ->
                              api.ask("createBandwidthGroup", "m")
                                  .ifMatch(seen)
                                  .body("name", "g" + i, "kind", "Disk", "maxBytesPerSecond", 0)
                                  .reply()
                                  .status(),
                          clients))
              .toList();

      List<Integer> sorted = statuses.stream().map(CompletableFuture::join).sorted().toList();

      assertEquals(List.of(201, 412, 412, 412, 412, 412, 412, 412), sorted);
    }
  }

  @Test
  void anyOfSeveralETagsAndAStarMatchAndAWeakOneDoesNot() {
    String seen = api.ask("getMachine", "m").is(200).etag();

    api.ask("changeController", "m", "SATA")
        .ifMatch("W/" + seen)
        .body("portCount", 2)
        .refused(412, "VBOX_E_INVALID_OBJECT_STATE");
    api.ask("changeController", "m", "SATA").ifMatch("\"x\", " + seen).body("portCount", 2).is(200);
    api.ask("changeController", "m", "SATA").ifMatch("*").body("portCount", 3).is(200);
  }

  @Test
  void whatHasNotChangedIsNotSentAgain() {
    Reply machine = api.ask("getMachine", "m").is(200);
    assertEquals(
        new JsonObject(), api.ask("getMachine", "m").ifNoneMatch(machine.etag()).is(304).body());

    api.ask("changeController", "m", "SATA").body("portCount", 2).is(200);

    Reply after = api.ask("getMachine", "m").ifNoneMatch(machine.etag()).is(200);
    assertNotEquals(machine.etag(), after.etag());
  }

  @Test
  void whoHoldsAMachineIsNoChangeOfIt() {
    String seen = api.ask("getMachine", "m").is(200).etag();

    String session = api.ask("lockMachine", "m").body().is(201).id();

    api.ask("changeController", "m", "SATA").in(session).ifMatch(seen).body("portCount", 2).is(200);
  }

  @Test
  void aMediumThatWasChangedByAnotherIsNotChanged() {
    Path disk = disk("a.vdi");
    String seen = api.ask("getMedium", disk).is(200).etag();
    api.ask("changeMedium", disk).ifMatch(seen).body("type", "Writethrough").is(200);

    api.ask("changeMedium", disk)
        .ifMatch(seen)
        .body("type", "Immutable")
        .refused(412, "VBOX_E_INVALID_OBJECT_STATE");
    api.ask("removeMedium", disk)
        .ifMatch(seen)
        .query("deleteStorage", true)
        .refused(412, "VBOX_E_INVALID_OBJECT_STATE");

    assertEquals("Writethrough", api.ask("getMedium", disk).is(200).body().getString("type"));
  }

  // ---- all or nothing

  @Test
  void aRequestThatIsHalfRefusedChangesNothing() {
    JsonObject before = controller();

    api.ask("changeController", "m", "SATA")
        .body("portCount", 5, "useHostIoCache", true, "type", "PIIX4")
        .refused(400, "E_INVALIDARG");

    assertEquals(before, controller());
  }

  @Test
  void withinASessionItChangesNothingEither() {
    String session = api.ask("lockMachine", "m").body().is(201).id();
    JsonObject before = controller();

    api.ask("addController", "m").in(session).body("name", "USB", "bus", "USB").is(201);
    api.ask("changeController", "m", "SATA")
        .in(session)
        .body("portCount", 5, "useHostIoCache", true, "name", "USB")
        .refused(409, "VBOX_E_OBJECT_IN_USE");
    api.ask("saveSession", session).is(204);

    assertEquals(before, controller());
  }

  @Test
  void anAttachmentWhoseFlagIsRefusedIsNotThere() {
    Path disk = disk("a.vdi");

    api.ask("attach", "m")
        .body(
            "controller",
            "SATA",
            "port",
            0,
            "device",
            0,
            "type",
            "HardDisk",
            "medium",
            disk,
            "discard",
            true,
            "bandwidthGroup",
            "none such")
        .refused(404, "VBOX_E_OBJECT_NOT_FOUND");

    api.ask("getAttachment", "m", "SATA", 0, 0).refused(404, "VBOX_E_OBJECT_NOT_FOUND");
    assertEquals(0, api.ask("getMedium", disk).is(200).body().getJsonArray("uses").size());
  }

  // ---- sessions

  @Test
  void whatASessionHasNotSavedIsSeenInTheWorkingCopyOnlyAndEndsWithIt() {
    String session = api.ask("lockMachine", "m").body().is(201).id();
    api.ask("changeController", "m", "SATA").in(session).body("portCount", 3).is(200);

    assertEquals(30, controller().getInteger("portCount"));
    assertEquals(
        3,
        api.ask("getController", "m", "SATA")
            .query("copy", "working")
            .is(200)
            .body()
            .getInteger("portCount"));
    assertEquals(true, api.ask("getMachine", "m").is(200).body().getBoolean("modified"));
    api.ask("unlockMachine", session).is(204);

    assertEquals(
        30,
        api.ask("getController", "m", "SATA")
            .query("copy", "working")
            .is(200)
            .body()
            .getInteger("portCount"));
  }

  @Test
  void aMachineThatASessionHoldsIsNotChangedBesideIt() {
    String session = api.ask("lockMachine", "m").body().is(201).id();

    api.ask("changeController", "m", "SATA")
        .body("portCount", 3)
        .refused(409, "VBOX_E_INVALID_OBJECT_STATE");
    api.ask("lockMachine", "m").body("type", "Write").refused(409, "VBOX_E_INVALID_OBJECT_STATE");

    api.ask("unlockMachine", session).is(204);
    api.ask("changeController", "m", "SATA").body("portCount", 3).is(200);
  }

  @Test
  void aSessionOfAnotherMachineOrAnUnknownOneChangesNothing() {
    api.ask("createMachine").body("name", "other").is(201);
    String session = api.ask("lockMachine", "other").body().is(201).id();

    api.ask("changeController", "m", "SATA")
        .in(session)
        .body("portCount", 3)
        .refused(400, "E_INVALIDARG");
    api.ask("changeController", "m", "SATA")
        .in("nobody")
        .body("portCount", 3)
        .refused(404, "VBOX_E_OBJECT_NOT_FOUND");
    api.ask("unlockMachine", session).is(204);
    api.ask("saveSession", session).refused(404, "VBOX_E_OBJECT_NOT_FOUND");
  }

  @Test
  void aSessionThatEndsWithTheOneItJoinedIsNotListedAnyMore() {
    String first = api.ask("lockMachine", "m").body().is(201).id();
    String joined = api.ask("lockMachine", "m").body("type", "Shared").is(201).id();

    api.ask("unlockMachine", first).is(204);

    assertEquals(0, api.ask("listSessions").is(200).body().getJsonArray("sessions").size());
    api.ask("getSession", joined).refused(404, "VBOX_E_OBJECT_NOT_FOUND");
  }

  // ---- running machines

  @Test
  void aSecondMachineThatNeedsALockedDiskIsToldWhoHoldsIt() {
    Path disk = disk("shared.vdi");
    api.ask("changeMedium", disk).body("type", "Writethrough").is(200);
    api.attach("m", 0, disk).is(201);
    api.makeMachine("second");
    api.attach("second", 0, disk).is(201);
    api.ask("startMachine", "m").is(200);

    Reply refused = api.ask("startMachine", "second").refused(409, "VBOX_E_INVALID_OBJECT_STATE");

    assertTrue(refused.detail().contains("machine 'm'"), refused.detail());
    assertEquals("PoweredOff", api.ask("getMachine", "second").is(200).body().getString("state"));
    api.ask("powerDownMachine", "m").is(204);
    api.ask("startMachine", "second").is(200);
  }

  @Test
  void aRunningMachineIsNotChangedBesideASessionWithUnsavedChanges() {
    api.attach("m", 0, disk("a.vdi")).is(201);
    Path second = disk("b.vdi");
    Path third = disk("c.vdi");
    api.ask("startMachine", "m").is(200);
    String session = api.ask("lockMachine", "m").body("type", "Shared").is(201).id();
    api.attach("m", 1, second).in(session).is(201);

    api.attach("m", 2, third).refused(409, "VBOX_E_INVALID_OBJECT_STATE");

    api.ask("saveSession", session).is(204);
    api.attach("m", 2, third).is(201);
    assertEquals(
        3, api.ask("listMachineExports", "m").is(200).body().getJsonArray("exports").size());
  }

  @Test
  void theModelBusyForLongIsNotReadyAndStillAlive() throws Exception {
    try (var _ = plane.busyModel()) {
      api.ask("getReadiness").refused(503, "E_FAIL");
      api.ask("getLiveness").is(200);
      api.ask("listMachines").is(200);
    }
    api.ask("getReadiness").is(200);
  }

  @Test
  void aSnapshotsNameThatTwoHaveNeedsTheUuid() {
    String first = api.ask("takeSnapshot", "m").body("name", "same").is(201).id();
    api.ask("takeSnapshot", "m").body("name", "same").is(201);

    Reply refused = api.ask("getSnapshot", "m", "same").refused(400, "E_INVALIDARG");

    assertTrue(refused.detail().contains("uuid"), refused.detail());
    api.ask("getSnapshot", "m", first).is(200);
  }

  // ---- jobs

  @Test
  void aMachineIsFreeWhenTheDeletionOfItsSnapshotIsCalledDone() throws Exception {
    api.ask("takeSnapshot", "m").body("name", "S1").is(201);
    AutoCloseable busy;
    Reply job;
    try (var _ = plane.heldJobs()) {
      job = api.ask("deleteSnapshot", "m", "S1").is(202);
      busy = plane.busyModel(); // what comes after the job on this thread does not come
    }
    try (busy) {
      Reply ended = api.ask("getJob", job.id()).query("waitSeconds", 30).is(200);

      assertEquals("Done", ended.body().getString("state"));
      assertEquals(
          new JsonArray(), api.ask("listSessions").is(200).body().getJsonArray("sessions"));
    }
  }
}
