package dev.varve.http.api;

import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.machine.ControllerType;
import dev.varve.core.machine.StorageBus;
import dev.varve.core.machine.StorageController;
import io.vertx.core.json.JsonObject;

/** The controllers of machines. */
final class ControllerHandlers {

  private final Inventory inventory;
  private final SessionHandlers sessions;

  ControllerHandlers(Inventory inventory, SessionHandlers sessions) {
    this.inventory = inventory;
    this.sessions = sessions;
  }

  void addTo(Handlers handlers) {
    handlers.onEventLoop("listControllers", this::list);
    handlers.onEventLoop("getController", this::get);
    handlers.onChangeThread("addController", this::add);
    handlers.onChangeThread("changeController", this::change);
    handlers.onChangeThread("removeController", this::remove);
  }

  private Answer list(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    return Answer.ok(
            new JsonObject()
                .put(
                    "controllers",
                    JsonParts.array(
                        MachineHandlers.copy(call, machine).controllers(), MachineJson::of)))
        .with("ETag", MachineJson.etag(machine).text());
  }

  private Answer get(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    return Answer.ok(
            MachineJson.of(
                Lookup.controller(
                    machine, MachineHandlers.copy(call, machine), call.text("controller"))))
        .with("ETag", MachineJson.etag(machine).text());
  }

  private Answer add(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    String name = call.textMember("name");
    StorageBus bus = call.enumMember("bus", StorageBus.class, StorageBus::text);
    ControllerType type = call.has("type") ? type(call) : null;
    MachineView after =
        sessions.change(
            call,
            machine,
            session -> {
              var edits =
                  new UndoableChanges()
                      .add(
                          () -> inventory.addController(session, name, bus, type),
                          () -> inventory.removeController(session, name));
              // Undone by removing the controller.
              if (call.has("portCount"))
                edits.add(
                    () -> inventory.setPortCount(session, name, call.intMember("portCount")),
                    () -> {});
              if (call.has("bootable"))
                edits.add(
                    () -> inventory.setBootable(session, name, call.flagMember("bootable")),
                    () -> {});
              if (call.has("useHostIoCache"))
                edits.add(
                    () ->
                        inventory.setUseHostIoCache(
                            session, name, call.flagMember("useHostIoCache")),
                    () -> {});
              edits.make();
            });
    return Answer.created(
            Paths.ofController(machine.saved().id(), name),
            MachineJson.of(Lookup.controller(after, after.working(), name)))
        .with("ETag", MachineJson.etag(after).text());
  }

  private Answer change(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    StorageController old = Lookup.controller(machine, machine.working(), call.text("controller"));
    MachineView after = sessions.change(call, machine, session -> edits(call, session, old).make());
    String present = call.has("name") ? call.textMember("name") : old.name();
    return Answer.ok(MachineJson.of(Lookup.controller(after, after.working(), present)))
        .with("ETag", MachineJson.etag(after).text());
  }

  /** What the body asks for; the name last, because the others need the old one. */
  private UndoableChanges edits(Call call, String session, StorageController old) {
    String name = old.name();
    var edits = new UndoableChanges();
    if (call.has("type"))
      edits.add(
          () -> inventory.setControllerType(session, name, type(call)),
          () -> inventory.setControllerType(session, name, old.type()));
    if (call.has("portCount"))
      edits.add(
          () -> inventory.setPortCount(session, name, call.intMember("portCount")),
          () -> inventory.setPortCount(session, name, old.portCount()));
    if (call.has("bootable"))
      edits.add(
          () -> inventory.setBootable(session, name, call.flagMember("bootable")),
          () -> inventory.setBootable(session, name, old.bootable()));
    if (call.has("useHostIoCache"))
      edits.add(
          () -> inventory.setUseHostIoCache(session, name, call.flagMember("useHostIoCache")),
          () -> inventory.setUseHostIoCache(session, name, old.useHostIoCache()));
    if (call.has("name"))
      edits.add(() -> inventory.renameController(session, name, call.textMember("name")), () -> {});
    return edits;
  }

  private Answer remove(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    String name = Lookup.controller(machine, machine.working(), call.text("controller")).name();
    MachineView after =
        sessions.change(call, machine, session -> inventory.removeController(session, name));
    return Answer.done().with("ETag", MachineJson.etag(after).text());
  }

  private static ControllerType type(Call call) {
    return call.enumMember("type", ControllerType.class, ControllerType::text);
  }
}
