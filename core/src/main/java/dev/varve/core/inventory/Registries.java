package dev.varve.core.inventory;

import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * In which settings files media are listed. VirtualBox knows a medium of a machine by that
 * machine's own file alone, so a machine lists whatever its saved states use, beside any others
 * that do; what no machine lists is in the global registry.
 *
 * <p>A machine comes to list a medium when it is saved, never because another one is, or is opened.
 */
final class Registries {

  private Registries() {}

  /** The state in which a machine lists all that its current state and its snapshots use. */
  static InventoryState claimed(InventoryState state, MachineId machine) {
    UUID id = machine.uuid();
    Map<MediumId, Medium> changed = new LinkedHashMap<>();
    for (MediumId used : used(state.machine(machine).saved())) {
      Medium medium = state.media().get(used);
      if (medium == null || medium.isHostDrive()) continue;
      // A tree of media that belongs to no machine belongs to the first that uses one of it.
      Medium base = state.base(used);
      if (base.isGlobal())
        for (Medium of : state.tree(base.id())) if (of.isGlobal()) changed.put(of.id(), of);
      for (Medium below : state.chain(used)) changed.put(below.id(), below);
    }
    changed.values().removeIf(medium -> medium.registries().contains(id));
    return state.withMedia(changed.values().stream().map(medium -> listed(medium, id)).toList());
  }

  /** The same medium, in one registry more. */
  static Medium listed(Medium medium, UUID machine) {
    Set<UUID> registries = new HashSet<>(medium.registries());
    registries.add(machine);
    return medium.withRegistries(registries);
  }

  private static Set<MediumId> used(Machine machine) {
    List<Attachment> attachments = new ArrayList<>(machine.hardware().attachments());
    for (Snapshot snapshot : machine.snapshots())
      attachments.addAll(snapshot.hardware().attachments());
    Set<MediumId> used = new LinkedHashSet<>();
    for (Attachment attachment : attachments)
      if (attachment.medium() != null) used.add(attachment.medium());
    return used;
  }

  /**
   * The media after a machine is gone: what another machine lists stays there. What no other lists
   * is global, unless the mode is to forget hard disks and no other machine has to do with the
   * tree.
   *
   * @param state without the machine
   */
  static InventoryState released(InventoryState state, MachineId machine, UnregisterMode mode) {
    UUID id = machine.uuid();
    List<Medium> kept = new ArrayList<>();
    Set<MediumId> gone = new HashSet<>();
    for (Medium medium : state.media().values()) {
      if (!medium.registries().contains(id)) continue;
      if (mode == UnregisterMode.UNREGISTER_ONLY && isUnneeded(state, medium, id)) {
        gone.add(medium.id());
        continue;
      }
      Set<UUID> others = new HashSet<>(medium.registries());
      others.remove(id);
      kept.add(medium.withRegistries(others));
    }
    return state.withMedia(kept).withoutMedia(gone);
  }

  /**
   * Whether a hard disk's whole tree is known to one machine's file alone. A part of a tree is
   * never forgotten: what is left would be merged as if nothing else built on it.
   */
  private static boolean isUnneeded(InventoryState state, Medium medium, UUID machine) {
    if (medium.device() != DeviceType.HARD_DISK) return false;
    return state.tree(state.base(medium.id()).id()).stream()
        .allMatch(of -> of.registries().equals(Set.of(machine)) && state.uses(of.id()).isEmpty());
  }

  /** The media without those that only this machine lists, and without its name on the others. */
  static InventoryState withoutListOf(InventoryState state, MachineId machine) {
    UUID id = machine.uuid();
    List<Medium> kept = new ArrayList<>();
    Set<MediumId> gone = new HashSet<>();
    for (Medium medium : state.media().values()) {
      if (!medium.registries().contains(id)) continue;
      Set<UUID> others = new HashSet<>(medium.registries());
      others.remove(id);
      if (others.isEmpty()) gone.add(medium.id());
      else kept.add(medium.withRegistries(others));
    }
    return state.withMedia(kept).withoutMedia(gone);
  }

  /**
   * The media of a registry, and those that they build on: a file lists each inside its parent.
   *
   * @param media in the order in which they are wanted, parents first
   * @param registry null for the global one
   */
  static List<Medium> of(@Nullable UUID registry, Map<MediumId, Medium> media) {
    Set<MediumId> listed = new HashSet<>();
    for (Medium medium : media.values()) {
      boolean here = registry == null ? medium.isGlobal() : medium.registries().contains(registry);
      if (!here) continue;
      for (Medium below = medium; below != null && listed.add(below.id()); )
        below = below.parent() == null ? null : media.get(below.parent());
    }
    return media.values().stream().filter(medium -> listed.contains(medium.id())).toList();
  }
}
