package dev.varve.http.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.http.api.Api.Reply;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Limits as clients of the API set them and see them at work. */
final class BandwidthGroupsTest extends OnAControlPlane {

  private static final long MIB = 1 << 20;

  @BeforeEach
  void makeAMachineWithADisk() {
    api.makeMachine("m");
    api.attach("m", 0, api.makeDisk(images.resolve("disk.vdi"), 4 * MIB)).is(201);
  }

  @Test
  void limitThatIsLeftOutIsNoneAtFirstAndLaterStays() {
    Reply made =
        api.ask("createBandwidthGroup", "m")
            .body("name", "g", "kind", "Disk", "maxOperationsPerSecond", 500)
            .is(201);
    assertEquals(limits(0, 0, 0, 500, 0, 0, 100), limitsOf(made.body()));

    Reply changed =
        api.ask("changeBandwidthGroup", "m", "g")
            .body("maxReadBytesPerSecond", MIB, "burstMilliseconds", 20)
            .is(200);
    assertEquals(limits(0, MIB, 0, 500, 0, 0, 20), limitsOf(changed.body()));
    assertEquals(changed.body(), api.ask("getBandwidthGroup", "m", "g").is(200).body());
  }

  @Test
  void limitThatCannotBeIsRefused() {
    String group = "createBandwidthGroup";
    api.ask(group, "m")
        .body("name", "g", "kind", "Disk", "burstMilliseconds", 0)
        .refused(400, "E_INVALIDARG");
    api.ask(group, "m")
        .body("name", "g", "kind", "Disk", "maxOperationsPerSecond", -1)
        .refused(400, "E_INVALIDARG");
    api.ask(group, "m").body("name", "g", "kind", "Disk").is(201);
    api.ask("changeBandwidthGroup", "m", "g").body().refused(400, "E_INVALIDARG");
  }

  @Test
  void groupOfARunningMachineShowsWhatItsDisksDo() {
    api.ask("createBandwidthGroup", "m").body("name", "g", "kind", "Disk").is(201);
    assertFalse(api.ask("getBandwidthGroup", "m", "g").is(200).body().containsKey("traffic"));
    api.ask("changeAttachment", "m", "SATA", 0, 0).body("bandwidthGroup", "g").is(200);
    api.ask("startMachine", "m").is(200);

    String etag = api.ask("getMachine", "m").is(200).etag();
    api.ask("changeBandwidthGroup", "m", "g").body("maxBytesPerSecond", MIB).is(200);

    JsonObject group = api.ask("getBandwidthGroup", "m", "g").is(200).body();
    JsonObject disk = group.getJsonArray("members").getJsonObject(0);
    assertEquals("SATA", disk.getString("controller"));
    assertEquals(0, disk.getJsonObject("traffic").getLong("waitingRequests"));
    assertEquals(0, group.getJsonObject("traffic").getLong("bytesPerSecond"));
    JsonArray all =
        api.ask("listBandwidthGroups", "m").is(200).body().getJsonArray("bandwidthGroups");
    assertTrue(all.getJsonObject(0).containsKey("members"));
    assertFalse(etag.equals(api.ask("getMachine", "m").is(200).etag()));

    api.ask("changeAttachment", "m", "SATA", 0, 0)
        .body("bandwidthGroup", null)
        .refused(409, "VBOX_E_INVALID_VM_STATE");

    api.ask("powerDownMachine", "m").is(204);
    assertFalse(api.ask("getBandwidthGroup", "m", "g").is(200).body().containsKey("traffic"));
  }

  @Test
  void snapshotBringsAllLimitsBack() {
    api.ask("createBandwidthGroup", "m")
        .body("name", "g", "kind", "Disk", "maxWriteOperationsPerSecond", 9)
        .is(201);
    api.ask("takeSnapshot", "m").body("name", "S").is(201);
    api.ask("changeBandwidthGroup", "m", "g").body("maxWriteOperationsPerSecond", 10).is(200);

    api.ask("restoreSnapshot", "m", "S").is(204);

    JsonObject group = api.ask("getBandwidthGroup", "m", "g").is(200).body();
    assertEquals(limits(0, 0, 0, 0, 0, 9, 100), limitsOf(group));
  }

  private static JsonObject limitsOf(JsonObject group) {
    var limits = new JsonObject();
    for (String name : limits(0, 0, 0, 0, 0, 0, 0).fieldNames())
      limits.put(name, group.getLong(name));
    return limits;
  }

  private static JsonObject limits(
      long bytes,
      long readBytes,
      long writeBytes,
      long operations,
      long readOperations,
      long writeOperations,
      long burst) {
    return new JsonObject()
        .put("maxBytesPerSecond", bytes)
        .put("maxReadBytesPerSecond", readBytes)
        .put("maxWriteBytesPerSecond", writeBytes)
        .put("maxOperationsPerSecond", operations)
        .put("maxReadOperationsPerSecond", readOperations)
        .put("maxWriteOperationsPerSecond", writeOperations)
        .put("burstMilliseconds", burst);
  }
}
