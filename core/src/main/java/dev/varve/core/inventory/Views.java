package dev.varve.core.inventory;

import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What can be seen of a state, with everything derived once. Any thread. */
final class Views {

  private Views() {}

  static View of(InventoryState state) {
    Map<MachineId, View.MachineView> machines = new LinkedHashMap<>();
    for (MachineEntry entry : state.machines().values())
      machines.put(
          entry.id(),
          new View.MachineView(
              entry.saved(),
              entry.working().hardware(),
              entry.working().modified(),
              entry.state(),
              entry.lock(),
              entry.run(),
              isEncrypted(state, entry),
              entry.sessions()));

    Map<MediumId, List<MediumId>> children = new HashMap<>();
    for (Medium medium : state.media().values())
      if (medium.parent() != null)
        children.computeIfAbsent(medium.parent(), _ -> new ArrayList<>()).add(medium.id());
    Map<MediumId, Map<MachineId, View.Use>> uses = uses(state);

    Map<MediumId, View.MediumView> media = new LinkedHashMap<>();
    for (Medium medium : state.media().values())
      media.put(
          medium.id(),
          new View.MediumView(
              medium,
              state.state(medium),
              EncryptedMedia.contains(state, medium.id()),
              state.needsDifferencing(medium),
              List.copyOf(children.getOrDefault(medium.id(), List.of())),
              Collections.unmodifiableMap(uses.getOrDefault(medium.id(), Map.of())),
              state.locksOn(medium.id()).stream().map(MediumLock::holder).distinct().toList()));
    return new View(
        Collections.unmodifiableMap(machines), Collections.unmodifiableMap(media), state.bad());
  }

  private static boolean isEncrypted(InventoryState state, MachineEntry entry) {
    for (Attachment attachment : entry.saved().hardware().attachments()) {
      MediumId medium = attachment.medium();
      if (medium != null
          && state.media().containsKey(medium)
          && EncryptedMedia.contains(state, medium)) return true;
    }
    return false;
  }

  private static Map<MediumId, Map<MachineId, View.Use>> uses(InventoryState state) {
    Map<MediumId, Map<MachineId, View.Use>> uses = new HashMap<>();
    for (MachineEntry entry : state.machines().values()) {
      Map<MediumId, Set<SnapshotId>> snapshots = new HashMap<>();
      for (Snapshot snapshot : entry.saved().snapshots())
        for (Attachment attachment : snapshot.hardware().attachments())
          if (attachment.medium() != null)
            snapshots.computeIfAbsent(attachment.medium(), _ -> new HashSet<>()).add(snapshot.id());
      Set<MediumId> current = entry.working().media();
      Set<MediumId> used = new HashSet<>(current);
      used.addAll(snapshots.keySet());
      for (MediumId medium : used)
        uses.computeIfAbsent(medium, _ -> new LinkedHashMap<>())
            .put(
                entry.id(),
                new View.Use(
                    current.contains(medium),
                    Set.copyOf(snapshots.getOrDefault(medium, Set.of()))));
    }
    return uses;
  }
}
