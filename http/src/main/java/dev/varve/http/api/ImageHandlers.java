package dev.varve.http.api;

import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.View;
import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.inventory.View.MediumView;
import dev.varve.core.machine.Attachment;
import dev.varve.core.medium.Medium;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** Images and what they take on the host. */
final class ImageHandlers {

  private final Inventory inventory;
  private final StorageJson json;

  ImageHandlers(Inventory inventory) {
    this.inventory = inventory;
    this.json = new StorageJson(inventory.contents());
  }

  void addTo(Handlers handlers) {
    handlers.onLookThread("getMediumStorage", this::storage);
    handlers.onLookThread("listMachineImages", this::images);
  }

  private Answer storage(Call call) {
    View view = inventory.view();
    Medium medium = Lookup.medium(view, call.text("medium")).medium();
    List<Medium> asked = call.flag("chain") ? view.chain(medium.id()) : List.of(medium);
    return Answer.ok(new JsonObject().put("images", JsonParts.array(asked, json::of)));
  }

  private Answer images(Call call) {
    View view = inventory.view();
    MachineView machine = Lookup.machine(view, call.text("machine"));
    return Answer.ok(
            new JsonObject()
                .put(
                    "images",
                    JsonParts.array(
                        view.images(machine.saved().id()), image -> image(image, machine, view))))
        .with("ETag", MachineJson.etag(machine).text());
  }

  private JsonObject image(MediumView image, MachineView machine, View view) {
    JsonObject all = MediumJson.of(image);
    var some = new JsonObject();
    for (String name :
        List.of(
            "id", "location", "parent", "type", "state", "format", "variant", "capacity", "uses"))
      some.put(name, all.getValue(name));
    return some.put("slots", slots(image, machine))
        .put("unused", view.isUnused(image.medium().id()))
        .mergeIn(json.bytes(image.medium()));
  }

  private static JsonArray slots(MediumView image, MachineView machine) {
    return JsonParts.array(
        machine.working().attachments().stream()
            .filter(attachment -> image.medium().id().equals(attachment.medium()))
            .map(Attachment::slot)
            .toList(),
        JsonParts::of);
  }
}
