package dev.varve.core.inventory;

import static dev.varve.core.medium.ErrorCode.VBOX_E_OBJECT_IN_USE;
import static dev.varve.core.medium.ErrorCode.VBOX_E_OBJECT_NOT_FOUND;

import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.Names;
import dev.varve.core.machine.Slot;
import java.util.ArrayList;
import java.util.List;

/** The bandwidth groups of a working copy. A group is used by the attachments that name it. */
final class BandwidthGroups {

  private BandwidthGroups() {}

  static BandwidthGroup find(Hardware hardware, String name) {
    BandwidthGroup group = hardware.bandwidthGroup(name);
    if (group == null)
      throw ModelErrors.of(
          VBOX_E_OBJECT_NOT_FOUND,
          "there is no bandwidth group '%s' in this machine; create it first",
          name);
    return group;
  }

  static InventoryState create(InventoryState state, String session, BandwidthGroup group) {
    MachineEntry entry = Sessions.stopped(state, session, "create a bandwidth group");
    ModelErrors.checkName("a bandwidth group", Names.fault(group.name()), group.name());
    Hardware hardware = entry.working().hardware();
    if (hardware.bandwidthGroup(group.name()) != null)
      throw ModelErrors.of(
          VBOX_E_OBJECT_IN_USE,
          "there is a bandwidth group '%s' already; names are unique across both kinds",
          group.name());
    List<BandwidthGroup> groups = new ArrayList<>(hardware.bandwidthGroups());
    groups.add(group);
    return state.with(entry.with(entry.working().with(hardware.withBandwidthGroups(groups))));
  }

  static InventoryState delete(InventoryState state, String session, String name) {
    MachineEntry entry = Sessions.stopped(state, session, "delete a bandwidth group");
    Hardware hardware = entry.working().hardware();
    BandwidthGroup gone = find(hardware, name);
    List<Slot> users =
        hardware.attachments().stream()
            .filter(a -> name.equals(a.bandwidthGroup()))
            .map(Attachment::slot)
            .toList();
    if (!users.isEmpty())
      throw Blockers.refusal(
          VBOX_E_OBJECT_IN_USE,
          users.stream()
              .map(slot -> new Blocker.Limited(entry.id(), entry.name(), slot, name))
              .toList(),
          "bandwidth group '%s' limits %s; take them out of it first",
          name,
          String.join(", ", users.stream().map(Slot::toString).toList()));
    List<BandwidthGroup> groups = new ArrayList<>(hardware.bandwidthGroups());
    groups.remove(gone);
    return state.with(entry.with(entry.working().with(hardware.withBandwidthGroups(groups))));
  }

  /** In any state of the machine; alone it is no reason to save, but a save keeps it. */
  static InventoryState setLimits(InventoryState state, String session, BandwidthGroup group) {
    MachineEntry entry = state.held(session);
    Hardware hardware = entry.working().hardware();
    BandwidthGroup old = find(hardware, group.name());
    BandwidthGroup now = old.withLimits(group.limits());
    return state.with(
        entry.with(
            entry
                .working()
                .withQuietly(
                    hardware.withBandwidthGroups(
                        hardware.bandwidthGroups().stream()
                            .map(g -> g.name().equals(now.name()) ? now : g)
                            .toList()))));
  }
}
