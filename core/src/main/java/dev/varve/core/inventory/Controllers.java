package dev.varve.core.inventory;

import static dev.varve.core.medium.ErrorCode.E_INVALIDARG;
import static dev.varve.core.medium.ErrorCode.VBOX_E_OBJECT_IN_USE;

import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.ControllerType;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.Names;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.StorageBus;
import dev.varve.core.machine.StorageController;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The storage controllers of a working copy. All of it needs a stopped machine. */
final class Controllers {

  private static final Set<String> ROOMY_CHIPSETS = Set.of("ICH9", "ARMv8Virtual");

  private Controllers() {}

  static InventoryState add(
      InventoryState state,
      String session,
      String name,
      StorageBus bus,
      @Nullable ControllerType type) {
    MachineEntry entry = Sessions.stopped(state, session, "add a controller");
    Hardware hardware = entry.working().hardware();
    ModelErrors.checkName("a storage controller", Names.faultOfPart(name), name);
    checkFree(hardware, name);
    ControllerType chip = type == null ? ControllerType.of(bus).getFirst() : type;
    checkBus(chip, bus, name);
    List<StorageController> sameBus =
        hardware.controllers().stream().filter(c -> c.bus() == bus).toList();
    boolean roomy = ROOMY_CHIPSETS.contains(entry.saved().chipset());
    int most = roomy ? bus.maxPerIch9() : bus.maxPerPiix3();
    if (sameBus.size() >= most)
      throw ModelErrors.of(
          E_INVALIDARG,
          "a machine with chipset %s has at most %d %s controllers, and '%s' has that many",
          entry.saved().chipset(),
          most,
          bus.text(),
          entry.name());
    int instance = sameBus.stream().mapToInt(StorageController::instance).max().orElse(-1) + 1;
    List<StorageController> controllers = new ArrayList<>(hardware.controllers());
    controllers.add(
        new StorageController(
            name, chip, bus.portsAtCreation(), instance, sameBus.isEmpty(), bus.hostIoCache()));
    return state.with(entry.with(entry.working().with(hardware.withControllers(controllers))));
  }

  /** Detaches what is on it first. */
  static InventoryState remove(InventoryState state, String session, String name) {
    MachineEntry entry = Sessions.stopped(state, session, "remove a controller");
    StorageController gone = HardwareLookup.controller(entry.working().hardware(), name);
    for (Attachment attachment : entry.working().hardware().attachments())
      if (attachment.slot().controller().equals(name))
        state = Detaching.detach(state, session, attachment.slot());
    entry = state.held(session);
    Hardware hardware = entry.working().hardware();
    List<StorageController> left = new ArrayList<>(hardware.controllers());
    left.remove(gone);
    return state.with(entry.with(entry.working().with(hardware.withControllers(left))));
  }

  /** The attachments of the working copy go with it; those of snapshots keep the old name. */
  static InventoryState rename(InventoryState state, String session, String name, String newName) {
    MachineEntry entry = Sessions.stopped(state, session, "rename a controller");
    HardwareLookup.controller(entry.working().hardware(), name);
    if (newName.equals(name)) return state;
    ModelErrors.checkName("a storage controller", Names.faultOfPart(newName), newName);
    checkFree(entry.working().hardware(), newName);
    WorkingCopy moved =
        entry
            .working()
            .with(
                a ->
                    a.slot().controller().equals(name)
                        ? a.withSlot(new Slot(newName, a.slot().port(), a.slot().device()))
                        : a);
    return state.with(
        entry.with(moved.with(changed(moved.hardware(), name, c -> c.withName(newName)))));
  }

  static InventoryState setType(
      InventoryState state, String session, String name, ControllerType type) {
    return change(
        state,
        session,
        name,
        "change a controller's type",
        controller -> {
          checkBus(type, controller.bus(), name);
          return controller.withType(type);
        });
  }

  /** Ports in use are not counted: what is above stays, and nothing new goes there. */
  static InventoryState setPortCount(InventoryState state, String session, String name, int ports) {
    return change(
        state,
        session,
        name,
        "change a controller's ports",
        controller -> {
          StorageBus bus = controller.bus();
          if (ports < bus.minPorts() || ports > bus.maxPorts())
            throw ModelErrors.of(
                E_INVALIDARG,
                "controller '%s' (%s) has %d to %d ports; %d were asked for",
                name,
                bus.text(),
                bus.minPorts(),
                bus.maxPorts(),
                ports);
          return controller.withPortCount(ports);
        });
  }

  static InventoryState setBootable(
      InventoryState state, String session, String name, boolean value) {
    return change(
        state, session, name, "change what boots", controller -> controller.withBootable(value));
  }

  static InventoryState setUseHostIoCache(
      InventoryState state, String session, String name, boolean value) {
    return change(state, session, name, "change the caching", c -> c.withUseHostIoCache(value));
  }

  private static InventoryState change(
      InventoryState state,
      String session,
      String name,
      String doing,
      UnaryOperator<StorageController> change) {
    MachineEntry entry = Sessions.stopped(state, session, doing);
    Hardware hardware = entry.working().hardware();
    HardwareLookup.controller(hardware, name);
    Hardware now = changed(hardware, name, change);
    return now.equals(hardware) ? state : state.with(entry.with(entry.working().with(now)));
  }

  private static Hardware changed(
      Hardware hardware, String name, UnaryOperator<StorageController> change) {
    return hardware.withControllers(
        hardware.controllers().stream()
            .map(c -> c.name().equals(name) ? change.apply(c) : c)
            .toList());
  }

  private static void checkFree(Hardware hardware, String name) {
    if (hardware.controller(name) != null)
      throw ModelErrors.of(
          VBOX_E_OBJECT_IN_USE,
          "there is a storage controller '%s' already; choose another name, or use that one",
          name);
  }

  private static void checkBus(ControllerType type, StorageBus bus, String name) {
    if (type.bus() != bus)
      throw ModelErrors.of(
          E_INVALIDARG,
          "%s is a %s controller, and '%s' is on the %s bus; its types are %s",
          type.text(),
          type.bus().text(),
          name,
          bus.text(),
          ControllerType.of(bus).stream().map(ControllerType::text).toList());
  }
}
