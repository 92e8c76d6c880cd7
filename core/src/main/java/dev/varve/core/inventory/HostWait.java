package dev.varve.core.inventory;

import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Waits for the host before the inventory's lock is taken: a call that changes something where a
 * file system hangs waits here, alone, and not where every other call would wait behind it. A file
 * system that begins to hang a moment later still keeps the lock; that moment is short.
 *
 * <p>Any thread; every method waits as long as the host does not answer, and fails never: what is
 * wrong is found by the call itself.
 */
final class HostWait {

  private final Outside outside;
  private final Supplier<InventoryState> state;

  HostWait(Outside outside, Supplier<InventoryState> state) {
    this.outside = outside;
    this.state = state;
  }

  /** For files that are looked at, made, changed or deleted. */
  void forFiles(Path... files) {
    for (Path file : files) forFolder(file.toAbsolutePath().getParent());
  }

  void forMedium(MediumId id) {
    Medium medium = state.get().media().get(id);
    if (medium != null) forFiles(medium.location());
  }

  /** For what a machine's settings and snapshots are kept in. */
  void forMachine(MachineId id) {
    MachineEntry entry = state.get().machines().get(id);
    if (entry == null) return;
    Set<Path> folders = new LinkedHashSet<>();
    folders.add(entry.saved().settingsFile().toAbsolutePath().getParent());
    folders.add(entry.saved().snapshotPath());
    folders.forEach(this::forFolder);
  }

  /** The same for the machine of a session. */
  void forSession(String session) {
    MachineId machine = machine(session);
    if (machine != null) forMachine(machine);
  }

  /** The same, and for the disks that the machine has open: what they do is done. */
  void forDisks(String session) {
    MachineId machine = machine(session);
    if (machine == null) return;
    forMachine(machine);
    forDisks(machine);
  }

  void forDisks(MachineId machine) {
    outside.disks().awaitHost(machine);
  }

  private @Nullable MachineId machine(String session) {
    return state.get().machines().values().stream()
        .filter(entry -> entry.sessions().stream().anyMatch(s -> s.id().equals(session)))
        .map(MachineEntry::id)
        .findAny()
        .orElse(null);
  }

  private void forFolder(@Nullable Path folder) {
    if (folder != null) outside.images().awaitHost(folder);
  }
}
