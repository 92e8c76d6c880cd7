package dev.varve.http.api;

import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.ServedDisks.DiskStatus;
import dev.varve.core.inventory.View;
import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.io.running.FlagEffect;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Attachments as JSON, with values that the model does not have: the effects of their flags, and
 * the bytes that running disks have returned to the host. Every method may block, because it looks
 * at files and running disks.
 */
final class AttachmentJson {

  private final Inventory inventory;
  private final Function<MachineId, Map<Slot, DiskStatus>> running;

  AttachmentJson(Inventory inventory, Function<MachineId, Map<Slot, DiskStatus>> running) {
    this.inventory = inventory;
    this.running = running;
  }

  /** A machine, with the copy of its storage that is asked for. */
  JsonObject whole(MachineView machine, Hardware hardware) {
    JsonObject json = MachineJson.whole(machine, hardware);
    json.getJsonObject("hardware").put("attachments", of(machine, hardware.attachments()));
    return json;
  }

  JsonArray of(MachineView machine, List<Attachment> attachments) {
    View view = inventory.view();
    Map<Slot, DiskStatus> served =
        machine.state().isOnline() ? running.apply(machine.saved().id()) : Map.of();
    return JsonParts.array(
        attachments,
        attachment ->
            of(attachment, view, served.get(attachment.slot()))
                .put("ejected", isEjected(machine, attachment.slot())));
  }

  /** An open tray is never saved: the same is shown for both copies. */
  private static boolean isEjected(MachineView machine, Slot slot) {
    Attachment now = machine.working().attachment(slot);
    return now != null && now.ejected();
  }

  JsonObject of(MachineView machine, Attachment attachment) {
    return of(machine, List.of(attachment)).getJsonObject(0);
  }

  private static JsonObject of(Attachment attachment, View view, @Nullable DiskStatus served) {
    MediumId medium = attachment.medium();
    List<Medium> chain = medium == null ? List.of() : view.chain(medium).reversed();
    var effects = new JsonObject();
    for (FlagEffect effect : FlagEffect.of(attachment, chain, served)) {
      effects.put(
          effect.flag().text(),
          new JsonObject().put("effective", effect.whyNot() == null).put("why", effect.whyNot()));
    }
    return MachineJson.of(attachment)
        .put("effects", effects)
        .put("reclaimed", served == null ? null : served.reclaimed());
  }
}
