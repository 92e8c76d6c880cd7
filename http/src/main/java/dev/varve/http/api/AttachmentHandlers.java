package dev.varve.http.api;

import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.Slot;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.MediumId;
import dev.varve.http.access.NewDisks;
import io.vertx.core.json.JsonObject;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What is in the slots of machines. */
final class AttachmentHandlers {

  private final Inventory inventory;
  private final SessionHandlers sessions;
  private final AttachmentJson json;
  private final NewDisks newDisks;

  /**
   * @param newDisks what a request does not say of a hard disk that is attached
   */
  AttachmentHandlers(
      Inventory inventory, SessionHandlers sessions, AttachmentJson json, NewDisks newDisks) {
    this.inventory = inventory;
    this.sessions = sessions;
    this.json = json;
    this.newDisks = newDisks;
  }

  void addTo(Handlers handlers) {
    handlers.onLookThread("listAttachments", this::list);
    handlers.onLookThread("getAttachment", this::get);
    handlers.onChangeThread("attach", this::attach);
    handlers.onChangeThread("changeAttachment", this::change);
    handlers.onChangeThread("detach", this::detach);
    handlers.onChangeThread("mount", call -> mount(call, medium(call)));
    handlers.onChangeThread("unmount", call -> mount(call, null));
    handlers.onChangeThread("guestEject", this::guestEject);
  }

  private Answer list(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    return Answer.ok(
            new JsonObject()
                .put(
                    "attachments",
                    json.of(machine, MachineHandlers.copy(call, machine).attachments())))
        .with("ETag", MachineJson.etag(machine).text());
  }

  private Answer get(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    return Answer.ok(
            json.of(
                machine,
                Lookup.attachment(machine, MachineHandlers.copy(call, machine), call.slot())))
        .with("ETag", MachineJson.etag(machine).text());
  }

  private Answer attach(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    var slot =
        new Slot(call.textMember("controller"), call.intMember("port"), call.intMember("device"));
    DeviceType type = call.enumMember("type", DeviceType.class, DeviceType::text);
    MediumId medium = medium(call);
    MachineView after =
        sessions.change(
            call,
            machine,
            session -> {
              var edits =
                  new UndoableChanges()
                      .add(
                          () -> inventory.attach(session, slot, type, medium),
                          () -> inventory.detach(session, slot));
              if (type == DeviceType.HARD_DISK && machine.run() == null)
                addUsual(edits, call, session, slot);
              addFlags(edits, call, session, slot, null);
              edits.make();
            });
    return Answer.created(Paths.of(machine.saved().id(), slot), of(after, slot))
        .with("ETag", MachineJson.etag(after).text());
  }

  /** Adds flags that the body leaves out; while the machine runs, they cannot be changed. */
  private void addUsual(UndoableChanges edits, Call call, String session, Slot slot) {
    if (newDisks.nonRotational() && !call.has("nonRotational"))
      edits.add(() -> inventory.setNonRotational(session, slot, true), () -> {});
    if (newDisks.discard() && !call.has("discard"))
      edits.add(() -> inventory.setDiscard(session, slot, true), () -> {});
  }

  private Answer change(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    Attachment old = Lookup.attachment(machine, machine.working(), call.slot());
    return changed(
        call,
        machine,
        session -> {
          var edits = new UndoableChanges();
          addFlags(edits, call, session, old.slot(), old);
          edits.make();
        });
  }

  /**
   * Adds what the body asks for.
   *
   * @param old what an undo brings back; null if the whole attachment is undone
   */
  private void addFlags(
      UndoableChanges edits, Call call, String session, Slot slot, @Nullable Attachment old) {
    addFlag(
        edits,
        call,
        "passthrough",
        value -> inventory.setPassthrough(session, slot, value),
        old == null ? null : old.passthrough());
    addFlag(
        edits,
        call,
        "temporaryEject",
        value -> inventory.setTemporaryEject(session, slot, value),
        old == null ? null : old.temporaryEject());
    addFlag(
        edits,
        call,
        "nonRotational",
        value -> inventory.setNonRotational(session, slot, value),
        old == null ? null : old.nonRotational());
    addFlag(
        edits,
        call,
        "discard",
        value -> inventory.setDiscard(session, slot, value),
        old == null ? null : old.discard());
    addFlag(
        edits,
        call,
        "hotPluggable",
        value -> inventory.setHotPluggable(session, slot, value),
        old == null ? null : old.hotPluggable());
    if (call.has("bandwidthGroup"))
      edits.add(
          () -> inventory.setBandwidthGroup(session, slot, call.textOrNull("bandwidthGroup")),
          () -> {
            if (old != null) inventory.setBandwidthGroup(session, slot, old.bandwidthGroup());
          });
  }

  private static void addFlag(
      UndoableChanges edits,
      Call call,
      String member,
      Consumer<Boolean> set,
      @Nullable Boolean old) {
    if (!call.has(member)) return;
    edits.add(
        () -> set.accept(call.flagMember(member)),
        () -> {
          if (old != null) set.accept(old);
        });
  }

  private Answer detach(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    MachineView after =
        sessions.change(call, machine, session -> inventory.detach(session, call.slot()));
    return Answer.done().with("ETag", MachineJson.etag(after).text());
  }

  /**
   * There is no flag to force it: over NBD a guest cannot lock the tray.
   *
   * @param medium null to unmount
   */
  private Answer mount(Call call, @Nullable MediumId medium) {
    return changed(
        call,
        Lookup.machine(inventory, call),
        session -> inventory.mount(session, call.slot(), medium));
  }

  private Answer guestEject(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    inventory.guestEject(machine.saved().id(), call.slot());
    return answer(sessions.view(machine.saved().id()), call.slot());
  }

  private Answer changed(Call call, MachineView machine, Consumer<String> change) {
    return answer(sessions.change(call, machine, change), call.slot());
  }

  private Answer answer(MachineView machine, Slot slot) {
    return Answer.ok(of(machine, slot)).with("ETag", MachineJson.etag(machine).text());
  }

  private JsonObject of(MachineView machine, Slot slot) {
    return json.of(machine, Lookup.attachment(machine, machine.working(), slot));
  }

  /** The medium that the body names; null for none. */
  private @Nullable MediumId medium(Call call) {
    String text = call.textOrNull("medium");
    return text == null ? null : Lookup.medium(inventory.view(), text).medium().id();
  }
}
