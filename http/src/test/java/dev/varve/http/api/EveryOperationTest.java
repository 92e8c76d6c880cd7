package dev.varve.http.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.http.api.Api.Reply;
import dev.varve.io.nbd.NbdClient;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The life of a machine, from its making to its end, with every operation of the document. */
final class EveryOperationTest {

  private static final long MIB = 1 << 20;

  @TempDir Path folder;
  @TempDir Path images;

  @Test
  void everyOperationIsGrantedWhereItShouldBe() throws IOException {
    try (var plane = new ControlPlane(folder);
        var api = plane.api().rehearsing()) {
      server(api);
      machine(api);
      media(api);
      storage(api);
      sessions(api);
      running(api, plane.nbdSocket());
      snapshots(api);
      savedState(api);
      packages(api);
      end(api);

      assertEquals(
          ApiDocument.load().operations().stream()
              .map(Operation::id)
              .collect(Collectors.toCollection(TreeSet::new)),
          api.succeeded());
      assertEquals(List.of(), plane.bugs());
    }
  }

  private void server(Api api) {
    api.ask("getLiveness").is(200);
    api.ask("getReadiness").is(200);
    api.ask("getDocument").is(200);
    api.ask("getMetrics").is(200);
    api.ask("getProblemType", "in-use").is(200);
    String events = api.ask("watchEvents").query("seconds", 0).is(200).body().getString("text");
    assertTrue(events.endsWith("event: ready\ndata: {}\n\n"), events);
    api.ask("listHostDrives").is(200);
    assertEquals("admin", api.ask("getAccess").is(200).body().getString("scope"));
    api.ask("createToken").body("name", "anna", "scope", "read").is(201);
    assertEquals(1, api.ask("listTokens").is(200).body().getJsonArray("tokens").size());
    api.ask("revokeToken", "anna").is(204);
    api.ask("listClients").is(200);
    api.ask("disconnectClient", 7).is(404);
  }

  private void machine(Api api) {
    Reply made = api.ask("createMachine").body("name", "mail server").is(201);
    assertEquals("/api/v1/machines/" + made.id(), made.headers().get("location"));
    assertEquals("PoweredOff", made.body().getString("state"));

    assertEquals(made.body(), api.ask("getMachine", "mail server").is(200).body());
    assertEquals(made.body(), api.ask("getMachine", made.id()).is(200).body());
    assertEquals(
        made.id(),
        api.ask("openMachine")
            .body("settingsFile", made.body().getString("settingsFile"))
            .is(201)
            .id());
    assertEquals(made.body(), api.ask("reloadMachine", "mail server").is(200).body());
    JsonArray all = api.ask("listMachines").is(200).body().getJsonArray("machines");
    assertEquals(1, all.size());
  }

  private void media(Api api) throws IOException {
    Path base = images.resolve("base.vdi");
    Reply made = api.ask("createMedium").body("location", base, "capacity", 4 * MIB).is(201);
    assertEquals("Created", made.body().getString("state"));
    assertEquals(4 * MIB, made.body().getLong("capacity"));
    assertTrue(Files.exists(base));

    assertEquals(made.body(), api.ask("getMedium", made.id()).is(200).body());
    assertEquals(made.body(), api.ask("getMedium", base).is(200).body());
    JsonArray found =
        api.ask("listMedia").query("location", base).is(200).body().getJsonArray("media");
    assertEquals(new JsonArray().add(made.body()), found);
    assertEquals(
        0, api.ask("listMedia").query("device", "DVD").is(200).body().getJsonArray("media").size());

    Path disc = images.resolve("disc.iso");
    Files.write(disc, new byte[65536]);
    Reply dvd = api.ask("openMedium").body("location", disc, "device", "DVD").is(201);
    assertEquals("Readonly", dvd.body().getString("type"));

    Path child = images.resolve("child.vdi");
    Reply diff = api.ask("createChild", base).body("location", child).is(201);
    assertEquals(made.id(), diff.body().getString("parent"));
    assertEquals(
        true,
        api.ask("changeMedium", child)
            .body("autoReset", true)
            .is(200)
            .body()
            .getBoolean("autoReset"));
    api.ask("resetMedium", child).is(200);
    assertEquals("Created", api.ask("refreshMedium", child).is(200).body().getString("state"));

    api.ask("resizeMedium", base).body("capacity", 8 * MIB).refused(409, "VBOX_E_OBJECT_IN_USE");
    api.ask("resizeMedium", child).body("capacity", 2 * MIB).refused(422, "VBOX_E_NOT_SUPPORTED");
    api.ask("resizeMedium", child)
        .body("capacity", 4 * MIB + 1)
        .refused(422, "VBOX_E_NOT_SUPPORTED");
    api.ask("resizeMedium", child).body("capacity", 0).refused(400, "E_INVALIDARG");
    Reply resized = api.ask("resizeMedium", child).body("capacity", 5 * MIB).is(200);
    assertEquals(5 * MIB, resized.body().getLong("capacity"));
    assertEquals(resized.body(), api.ask("getMedium", child).is(200).body());

    Reply map = api.ask("getMediumMap", child).query("limit", 1).is(200);
    assertEquals(2, map.body().getJsonArray("images").size());
    assertEquals(5 * MIB, map.body().getJsonArray("extents").getJsonObject(0).getLong("length"));
    api.ask("getMediumMap", child).query("offset", 6 * MIB).refused(400, "E_INVALIDARG");
    assertEquals("clean", api.ask("checkMedium", child).is(200).body().getString("status"));
    api.ask("checkMedium", disc).refused(422, "VBOX_E_NOT_SUPPORTED");

    Reply lock = api.ask("lockMedium", child).body("kind", "Write").is(201);
    assertEquals("LockedWrite", api.ask("getMedium", child).is(200).body().getString("state"));
    api.ask("resetMedium", child).refused(409, "VBOX_E_INVALID_OBJECT_STATE");
    api.ask("renewLock", lock.id()).is(204);
    api.ask("abandonLock", lock.id()).is(204);

    Path copy = images.resolve("copy.vdi");
    Reply cloning =
        api.ask("cloneMedium", child).body("location", copy, "variant", "Fixed").is(202);
    assertEquals("Done", ended(api, cloning));
    assertEquals("Fixed", api.ask("getMedium", copy).is(200).body().getString("variant"));
    api.ask("changeMedium", copy).body("type", "Shareable").is(200);
    api.ask("removeMedium", copy).is(204);
    assertTrue(Files.exists(copy));

    Reply merging = api.ask("mergeMedium", child).body("target", base).is(202);
    assertEquals("Done", ended(api, merging));
    assertFalse(Files.exists(child));
    api.ask("cancelJob", merging.id()).is(202); // too late, and no harm
    assertEquals(2, api.ask("listJobs").is(200).body().getJsonArray("jobs").size());
  }

  private static String ended(Api api, Reply job) {
    Reply reply = api.ask("getJob", job.id()).query("waitSeconds", 30).is(200);
    return reply.body().getString("state");
  }

  private void storage(Api api) {
    Object machine = "mail server";
    Reply added = api.ask("addController", machine).body("name", "SATA 1#a", "bus", "SATA").is(201);
    assertEquals("IntelAhci", added.body().getString("type"));
    assertTrue(added.headers().get("location").endsWith("/controllers/SATA%201%23a"));
    api.ask("addController", machine).body("name", "IDE", "bus", "IDE", "type", "ICH6").is(201);
    Reply renamed =
        api.ask("changeController", machine, "SATA 1#a")
            .body("name", "SATA", "portCount", 4, "useHostIoCache", true)
            .is(200);
    assertEquals(renamed.body(), api.ask("getController", machine, "SATA").is(200).body());
    assertEquals(4, renamed.body().getInteger("portCount"));
    api.ask("addController", machine).body("name", "gone", "bus", "USB").is(201);
    api.ask("removeController", machine, "gone").is(204);
    assertEquals(
        2, api.ask("listControllers", machine).is(200).body().getJsonArray("controllers").size());

    Reply group =
        api.ask("createBandwidthGroup", machine)
            .body("name", "slow", "kind", "Disk", "maxBytesPerSecond", 10 * MIB)
            .is(201);
    assertEquals(0, group.body().getInteger("attachments"));

    Reply disk =
        api.ask("attach", machine)
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
                images.resolve("base.vdi"),
                "discard",
                true,
                "nonRotational",
                true,
                "bandwidthGroup",
                "slow")
            .is(201);
    assertTrue(disk.headers().get("location").endsWith("/attachments/SATA/0/0"));
    assertEquals(true, disk.body().getBoolean("discard"));
    assertEquals(
        1, api.ask("getBandwidthGroup", machine, "slow").is(200).body().getInteger("attachments"));
    api.ask("deleteBandwidthGroup", machine, "slow").refused(409, "VBOX_E_OBJECT_IN_USE");
    Reply changed =
        api.ask("changeAttachment", machine, "SATA", 0, 0)
            .body("bandwidthGroup", null, "discard", false)
            .is(200);
    assertEquals(null, changed.body().getString("bandwidthGroup"));
    assertEquals(changed.body(), api.ask("getAttachment", machine, "SATA", 0, 0).is(200).body());
    assertEquals(
        MIB,
        api.ask("changeBandwidthGroup", machine, "slow")
            .body("maxBytesPerSecond", MIB, "maxReadOperationsPerSecond", 7)
            .is(200)
            .body()
            .getLong("maxBytesPerSecond"));
    assertEquals(
        1,
        api.ask("listBandwidthGroups", machine)
            .is(200)
            .body()
            .getJsonArray("bandwidthGroups")
            .size());
    api.ask("deleteBandwidthGroup", machine, "slow").is(204);

    api.ask("attach", machine)
        .body("controller", "IDE", "port", 1, "device", 0, "type", "DVD")
        .is(201);
    assertEquals(
        2, api.ask("listAttachments", machine).is(200).body().getJsonArray("attachments").size());
  }

  private void sessions(Api api) {
    Object machine = "mail server";
    Reply session = api.ask("lockMachine", machine).body("type", "Write").is(201);
    assertEquals(session.body(), api.ask("getSession", session.id()).is(200).body());
    assertEquals(3600, session.body().getInteger("leaseSeconds"));
    String self = "process " + ProcessHandle.current().pid() + " (";
    assertTrue(session.body().getString("holder").startsWith(self), session.body()::encode);
    JsonObject renewed = api.ask("renewSession", session.id()).is(200).body();
    assertEquals(
        new JsonObject().put("sessions", new JsonArray().add(renewed)),
        api.ask("listSessions").is(200).body());
    api.ask("addController", machine).in(session.id()).body("name", "NVMe", "bus", "PCIe").is(201);
    api.ask("discardSession", session.id()).is(204);
    api.ask("addController", machine).in(session.id()).body("name", "SAS", "bus", "SAS").is(201);
    api.ask("getController", machine, "SAS").refused(404, "VBOX_E_OBJECT_NOT_FOUND");
    api.ask("getController", machine, "SAS").query("copy", "working").is(200);
    api.ask("saveSession", session.id()).is(204);
    api.ask("unlockMachine", session.id()).is(204);
    api.ask("getController", machine, "SAS").is(200);
    api.ask("removeController", machine, "SAS").is(204);
  }

  private void running(Api api, Path nbd) throws IOException {
    Object machine = "mail server";
    Reply started = api.ask("startMachine", machine).is(200);
    assertEquals(2, started.body().getJsonArray("exports").size());
    assertEquals(started.body(), api.ask("listMachineExports", machine).is(200).body());
    assertEquals(started.body(), api.ask("listExports").is(200).body());
    JsonObject disk = api.ask("listDisks").is(200).body().getJsonArray("disks").getJsonObject(0);
    String export = disk.getString("export");
    assertEquals(machine, disk.getString("machineName"));
    JsonObject served = started.body().getJsonArray("exports").getJsonObject(1);
    assertEquals(served.getString("machine"), disk.getString("machine"));
    assertEquals("mail server/SATA/0/0", served.getString("name"));
    try (var client = NbdClient.connect(nbd).greet().go(export)) {
      client.flush(); // has come to its disk once it is answered
      JsonObject seen =
          api.ask("listClients").is(200).body().getJsonArray("clients").getJsonObject(0);
      assertEquals(export, seen.getString("export"));
      api.ask("disconnectClient", seen.getLong("client")).is(204);
      assertThrows(
          IOException.class,
          () -> {
            while (true) client.flush(); // some may be answered until its loop sends it away
          });
    }
    assertEquals(2, api.ask("listDisks").is(200).body().getJsonArray("disks").size());
    assertEquals("Running", api.ask("getMachine", machine).is(200).body().getString("state"));

    Path disc = images.resolve("disc.iso");
    Reply mounted = api.ask("mount", machine, "IDE", 1, 0).body("medium", disc).is(200);
    assertEquals(api.ask("getMedium", disc).is(200).id(), mounted.body().getString("medium"));
    Reply ejected = api.ask("guestEject", machine, "IDE", 1, 0).is(200);
    assertEquals(true, ejected.body().getBoolean("ejected"));
    assertEquals(null, ejected.body().getString("medium"));
    api.ask("mount", machine, "IDE", 1, 0).body("medium", disc).is(200);
    api.ask("unmount", machine, "IDE", 1, 0).is(200);

    Path plugged = images.resolve("plugged.vdi");
    api.ask("createMedium").body("location", plugged, "capacity", MIB).is(201);
    api.ask("attach", machine)
        .body("controller", "SATA", "port", 1, "device", 0, "type", "HardDisk", "medium", plugged)
        .is(201);
    assertEquals(
        3, api.ask("listMachineExports", machine).is(200).body().getJsonArray("exports").size());
    api.ask("detach", machine, "SATA", 1, 0).is(204);
    assertEquals(
        2, api.ask("listMachineExports", machine).is(200).body().getJsonArray("exports").size());
    api.ask("removeMedium", plugged).query("deleteStorage", true).is(204);
    assertFalse(Files.exists(plugged));

    api.ask("powerDownMachine", machine).is(204);
    assertEquals(0, api.ask("listExports").is(200).body().getJsonArray("exports").size());
  }

  /** Base, the image of each snapshot, and that of the current state. */
  private void images(Api api, Object machine) {
    JsonArray images = api.ask("listMachineImages", machine).is(200).body().getJsonArray("images");
    assertEquals(3, images.size(), images::encode);
    for (int i = 0; i < 3; i++) {
      JsonObject image = images.getJsonObject(i);
      assertEquals(
          i == 0 ? null : images.getJsonObject(i - 1).getString("id"), image.getString("parent"));
      assertEquals(i == 2 ? 1 : 0, image.getJsonArray("slots").size());
      assertTrue(image.getLong("freedBytes") > 0);
    }
    Object top = images.getJsonObject(2).getString("location");
    assertEquals(1, storage(api.ask("getMediumStorage", top)).size());
    assertEquals(3, storage(api.ask("getMediumStorage", top).query("chain", true)).size());
  }

  private static JsonArray storage(Api.Ask ask) {
    return ask.is(200).body().getJsonArray("images");
  }

  private void snapshots(Api api) {
    Object machine = "mail server";
    Reply first =
        api.ask("takeSnapshot", machine).body("name", "first", "description", "a\nb").is(201);
    Reply second = api.ask("takeSnapshot", machine).body("name", "second").is(201);
    assertEquals(first.id(), second.body().getString("parent"));
    Reply all = api.ask("listSnapshots", machine).is(200);
    assertEquals(2, all.body().getJsonArray("snapshots").size());
    assertEquals(second.id(), all.body().getString("currentSnapshot"));
    assertEquals(first.body(), api.ask("getSnapshot", machine, "first").is(200).body());

    images(api, machine);
    api.ask("restoreSnapshot", machine, first.id()).is(204);
    api.ask("restoreSnapshot", machine, "second").is(204);
    Reply deleting = api.ask("deleteSnapshot", machine, "first").is(202);
    assertEquals("Done", ended(api, deleting));
    api.ask("getSnapshot", machine, "first").refused(404, "VBOX_E_OBJECT_NOT_FOUND");
  }

  private void savedState(Api api) throws IOException {
    Reply made = api.ask("createMachine").body("name", "asleep").is(201);
    Path settings = Path.of(made.body().getString("settingsFile"));
    api.ask("unregisterMachine", made.id()).is(200);
    Path memory = Files.writeString(settings.resolveSibling("memory.sav"), "memory");
    Files.writeString(
        settings, Files.readString(settings).replace("OSType", "stateFile=\"memory.sav\" OSType"));

    Reply asleep = api.ask("openMachine").body("settingsFile", settings).is(201);
    assertEquals("Saved", asleep.body().getString("state"));
    assertEquals(memory.toString(), asleep.body().getString("stateFile"));
    api.ask("startMachine", "asleep").refused(409, "VBOX_E_INVALID_VM_STATE");
    Reply snapshot = api.ask("takeSnapshot", "asleep").body("name", "then").is(201);
    assertEquals("memory.sav", snapshot.body().getString("stateFile"));

    Reply discarded = api.ask("discardSavedState", "asleep").is(200);

    assertEquals(
        new JsonObject()
            .put("stateFile", memory.toString())
            .put("kept", "snapshot 'then' of machine 'asleep' needs it"),
        discarded.body());
    api.ask("discardSavedState", "asleep").refused(409, "VBOX_E_INVALID_VM_STATE");
    api.ask("startMachine", "asleep").is(200);
    api.ask("powerDownMachine", "asleep").is(204);
    api.ask("unregisterMachine", "asleep").is(200);
  }

  private void packages(Api api) throws IOException {
    Path descriptor = images.resolve("small.ovf");
    Files.writeString(
        descriptor,
        """
        <Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1">
          <DiskSection><Disk diskId="d" capacity="1" capacityAllocationUnits="byte * 2^20"/></DiskSection>
          <VirtualSystem id="small">
            <VirtualHardwareSection>
              <Item><InstanceID>1</InstanceID><ResourceType>5</ResourceType></Item>
              <Item>
                <InstanceID>2</InstanceID><ResourceType>17</ResourceType><Parent>1</Parent>
                <HostResource>ovf:/disk/d</HostResource>
              </Item>
            </VirtualHardwareSection>
          </VirtualSystem>
        </Envelope>
        """);

    Reply importing = api.ask("importMachine").body("file", descriptor).is(202);

    assertEquals("Done", ended(api, importing));
    Reply imported = api.ask("listAttachments", "small").is(200);
    JsonObject disk = imported.body().getJsonArray("attachments").getJsonObject(0);
    assertEquals("IDE", disk.getString("controller"));
    assertEquals(
        MIB, api.ask("getMedium", disk.getString("medium")).is(200).body().getLong("capacity"));
    api.ask("importMachine")
        .body("file", descriptor, "name", "small")
        .refused(409, "VBOX_E_OBJECT_IN_USE");

    Path ova = images.resolve("small.ova");
    Reply exporting = api.ask("exportMachine", "small").body("file", ova, "manifest", true).is(202);
    assertEquals("Done", ended(api, exporting));
    assertTrue(Files.exists(ova));
    api.ask("exportMachine", "small")
        .body("file", images.resolve("small.zip"))
        .refused(400, "E_INVALIDARG");
    api.ask("unregisterMachine", "small").is(200);
  }

  private void end(Api api) {
    // The session of the deletion ends a moment after its job.
    api.ask("getReadiness").is(200);
    Reply gone =
        api.ask("unregisterMachine", "mail server")
            .query("mode", "DetachAllReturnHardDisksOnly")
            .is(200);
    assertEquals(2, gone.body().getJsonArray("media").size());
    api.ask("getMachine", "mail server").refused(404, "VBOX_E_OBJECT_NOT_FOUND");
  }
}
