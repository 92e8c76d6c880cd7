package dev.varve.http.api;

import dev.varve.io.host.HostDrive;
import io.vertx.core.json.JsonObject;
import java.io.IOException;

/** Answers which drives of the host machines can use. */
final class HostHandlers {

  void addTo(Handlers handlers) {
    handlers.onLookThread("listHostDrives", _ -> drives());
  }

  private static Answer drives() throws IOException {
    return Answer.ok(
        new JsonObject().put("drives", JsonParts.array(HostDrive.all(), HostHandlers::of)));
  }

  private static JsonObject of(HostDrive drive) {
    return new JsonObject()
        .put("location", drive.path().toString())
        .put("device", drive.device().text())
        .put("model", drive.model())
        .put("capacity", drive.capacity())
        .put("sectorSize", drive.sectorSize())
        .put("physicalSectorSize", drive.physicalSectorSize())
        .put("removable", drive.removable())
        .put("rotational", drive.rotational())
        .put("usable", drive.isUsable())
        .put("writable", drive.whyNotWritten() == null)
        .put("why", drive.why());
  }
}
