package dev.varve.http.command;

import dev.varve.core.machine.Slot;
import dev.varve.http.client.ApiRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import picocli.CommandLine.Option;

/** Which slots a machine is started without. */
@CommandLineOnly
final class StartOption {

  @Option(
      names = "--without",
      paramLabel = "SLOT",
      description =
          "Start the machine without the device in this slot, such as SATA:1. The device is neither served nor locked."
              + " May be repeated.")
  private List<Slot> without = List.of();

  boolean isGiven() {
    return !without.isEmpty();
  }

  /** The request to start a machine so. */
  ApiRequest of(ApiRequest start, boolean readOnly, boolean force) {
    if (without.isEmpty() && !readOnly && !force) return start;
    var slots = new JsonArray();
    for (Slot slot : without)
      slots.add(
          new JsonObject()
              .put("controller", slot.controller())
              .put("port", slot.port())
              .put("device", slot.device()));
    return start.body(
        new JsonObject().put("readOnly", readOnly).put("without", slots).put("force", force));
  }
}
