package dev.varve.core.inventory;

import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Waits for the host before the inventory's lock is taken. A call that touches a file system which
 * hangs waits here, alone, and not with the lock, where every other call would wait behind it. A
 * file system that begins to hang a moment later still holds up the lock; that moment is short.
 *
 * <p>Any thread; every method waits as long as the host does not answer, and never fails: the call
 * itself finds what is wrong.
 */
final class HostWait {

  private final Resources resources;
  private final Supplier<InventoryState> state;

  HostWait(Resources resources, Supplier<InventoryState> state) {
    this.resources = resources;
    this.state = state;
  }

  /** For files that are looked at, made, changed or deleted. */
  void forFiles(Path... files) {
    for (Path file : files) forFolder(file.toAbsolutePath().getParent());
  }

  /** For a medium's file, and for the settings of the machines that use it. */
  void forMedium(MediumId id) {
    InventoryState now = state.get();
    Medium medium = now.media().get(id);
    if (medium != null) forFiles(medium.location());
    for (MachineEntry entry : now.machines().values()) if (uses(entry, id)) forMachine(entry.id());
  }

  private static boolean uses(MachineEntry entry, MediumId id) {
    return Stream.concat(
            Stream.of(entry.working().hardware(), entry.saved().hardware()),
            entry.saved().snapshots().stream().map(Snapshot::hardware))
        .flatMap(hardware -> hardware.attachments().stream())
        .anyMatch(attachment -> id.equals(attachment.medium()));
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

  /** The same for the machine of a session, and for disks that its unsaved changes have plugged. */
  void forSession(String session) {
    MachineId machine = machine(session);
    if (machine == null) return;
    forMachine(machine);
    MachineEntry entry = state.get().machines().get(machine);
    if (entry != null && entry.working().modified()) forDisks(machine);
  }

  /** The same, and for the disks that the machine has open: what they do is done. */
  void forDisks(String session) {
    MachineId machine = machine(session);
    if (machine == null) return;
    forMachine(machine);
    forDisks(machine);
  }

  void forDisks(MachineId machine) {
    resources.disks().awaitHost(machine);
  }

  private @Nullable MachineId machine(String session) {
    return state.get().machines().values().stream()
        .filter(entry -> entry.sessions().stream().anyMatch(s -> s.id().equals(session)))
        .map(MachineEntry::id)
        .findAny()
        .orElse(null);
  }

  private void forFolder(@Nullable Path folder) {
    if (folder != null) resources.images().awaitHost(folder);
  }
}
