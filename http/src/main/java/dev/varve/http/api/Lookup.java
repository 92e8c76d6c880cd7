package dev.varve.http.api;

import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.Job;
import dev.varve.core.inventory.Session;
import dev.varve.core.inventory.View;
import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.inventory.View.MediumView;
import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.machine.StorageController;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.Links;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.UuidText;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Finds the things that requests name, or throws a {@link RefusedRequest} that says what does not
 * exist.
 */
final class Lookup {

  private Lookup() {}

  /** The machine that a request's path names. */
  static MachineView machine(Inventory inventory, Call call) {
    return machine(inventory.view(), call.text("machine"));
  }

  /** By uuid or name, see {@link View#machines(String)}. */
  static MachineView machine(View view, String text) {
    List<MachineView> found = view.machines(text);
    View.BadMachine bad = badMachine(view, text);
    if (found.isEmpty() && bad != null)
      throw new RefusedRequest(
          409,
          ErrorCode.VBOX_E_INVALID_OBJECT_STATE,
          "the settings file '%s' of this machine cannot be used: %s. Correct the file and open it again, or unregister the machine"
              .formatted(bad.settingsFile(), bad.why()),
          waysOut(bad));
    return only("machine '" + text + "'", found);
  }

  private static List<WayOut> waysOut(View.BadMachine bad) {
    String file = bad.settingsFile().toString();
    var machine = new JsonObject().put("machine", file);
    return List.of(
        new WayOut("reloadMachine", machine, "Read '%s' again".formatted(file)),
        new WayOut("unregisterMachine", machine, "Unregister the machine of '%s'".formatted(file)));
  }

  /**
   * A machine that cannot be used, by uuid or settings file; null if there is none, or the machine
   * can be used.
   */
  static View.@Nullable BadMachine badMachine(View view, String text) {
    UUID id = UuidText.parse(text);
    MachineId machine = id == null ? null : new MachineId(id);
    if (view.machines().containsKey(machine)) return null;
    for (View.BadMachine bad : view.bad())
      if (bad.settingsFile().toString().equals(text) || machine != null && machine.equals(bad.id()))
        return bad;
    return null;
  }

  /** By uuid or location; may block, see {@link #at}. */
  static MediumView medium(View view, String text) {
    UUID id = UuidText.parse(text);
    MediumView byId = id == null ? null : view.media().get(new MediumId(id));
    if (byId != null) return byId;
    List<MediumView> found = text.startsWith("/") ? at(view, Path.of(text)) : List.of();
    if (found.isEmpty())
      throw new RefusedRequest(
          404,
          ErrorCode.VBOX_E_OBJECT_NOT_FOUND,
          "medium '%s' is not registered; open its file first".formatted(text),
          text.startsWith("/") ? List.of(opening(text)) : List.of());
    return only("medium '" + text + "'", found);
  }

  private static WayOut opening(String file) {
    return new WayOut(
        "openMedium",
        new JsonObject(),
        new JsonObject().put("location", file),
        "Open '%s'".formatted(file));
  }

  /**
   * The media registered at a path, or at the target of a symbolic link there. Only for a path that
   * is not registered this looks at files, and may block.
   */
  static List<MediumView> at(View view, Path location) {
    Path given = location.normalize();
    List<MediumView> found = only(view, medium -> medium.equals(given));
    if (!found.isEmpty()) return found;
    Path target = Links.target(given);
    return only(view, medium -> Links.isSame(medium, target));
  }

  private static List<MediumView> only(View view, Predicate<Path> there) {
    return view.media().values().stream()
        .filter(medium -> there.test(medium.medium().location()))
        .toList();
  }

  static Session session(View view, String id) {
    for (MachineView machine : view.machines().values())
      for (Session session : machine.sessions()) if (session.id().equals(id)) return session;
    throw RefusedRequest.unknown(
        "there is no session '%s': it has ended, or its lease has expired; begin another"
            .formatted(id));
  }

  static Job job(Inventory inventory, String id) {
    for (Job job : inventory.jobs()) if (job.id().equals(id)) return job;
    throw RefusedRequest.unknown(
        "there is no job '%s'; only the last hundred that ended are kept".formatted(id));
  }

  /** By uuid, or by name if only one has it. */
  static Snapshot snapshot(MachineView machine, String text) {
    List<Snapshot> all = machine.saved().snapshots();
    UUID id = UuidText.parse(text);
    for (Snapshot snapshot : all) if (snapshot.id().uuid().equals(id)) return snapshot;
    return only(
        "snapshot '%s' of machine '%s'".formatted(text, machine.saved().name()),
        all.stream().filter(snapshot -> snapshot.name().equals(text)).toList());
  }

  static StorageController controller(MachineView machine, Hardware hardware, String name) {
    return only(
        "controller '%s' in machine '%s'".formatted(name, machine.saved().name()),
        hardware.controllers().stream().filter(c -> c.name().equals(name)).toList());
  }

  static Attachment attachment(MachineView machine, Hardware hardware, Slot slot) {
    return only(
        "device at %s of machine '%s'".formatted(slot, machine.saved().name()),
        hardware.attachments().stream().filter(a -> a.slot().equals(slot)).toList());
  }

  static BandwidthGroup group(MachineView machine, Hardware hardware, String name) {
    return only(
        "bandwidth group '%s' in machine '%s'".formatted(name, machine.saved().name()),
        hardware.bandwidthGroups().stream().filter(g -> g.name().equals(name)).toList());
  }

  private static <T> T only(String thing, List<T> found) {
    if (found.isEmpty()) throw RefusedRequest.unknown("there is no " + thing);
    if (found.size() > 1)
      throw RefusedRequest.malformed(
          "there are %2$d of %1$s; use the uuid".formatted(thing, found.size()));
    return found.getFirst();
  }
}
