package dev.varve.io.running;

import dev.varve.core.device.Stages;
import dev.varve.core.inventory.DurableState;
import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.Job;
import dev.varve.core.inventory.Ports;
import dev.varve.core.inventory.RunningDisks;
import dev.varve.core.inventory.SteppedInventory;
import dev.varve.core.inventory.View;
import dev.varve.core.journal.Fuse;
import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.LockType;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineState;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.machine.StorageBus;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.Progress;
import dev.varve.io.chain.ChainFiles;
import dev.varve.io.chain.DifferencingChain;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32;

/** Machines over real image files, whose disks are served while they run. */
final class RealMachines implements AutoCloseable {

  static final int CAPACITY = 2 << 20;

  private static final int BLOCK = 256 << 10;

  final Path folder;
  final Inventory inventory;
  final ChainFiles images;
  private final TestMachines served;
  private final List<Throwable> bugs = new ArrayList<>();

  /**
   * @param folder that is there
   * @param served serves the disks; one process at a time
   * @param ids where the ids go on
   * @param fuse hears of each change on disk
   */
  RealMachines(Path folder, TestMachines served, AtomicLong ids, Fuse fuse) throws IOException {
    this.folder = folder;
    this.served = served;
    Files.createDirectories(at(""));
    images = new ChainFiles(served.threads);
    var ports =
        new Ports(
            images,
            over(fuse, served.disks),
            () -> Instant.parse("2026-01-01T00:00:00Z"),
            () -> new UUID(0x4000L, 0x8000_0000_0000_0000L + ids.incrementAndGet()),
            Runnable::run,
            bugs::add);
    inventory = SteppedInventory.open(folder.resolve("state"), ports, fuse);
  }

  /** The same disks; a process may end while a merge copies. */
  private static RunningDisks over(Fuse fuse, RunningDisks disks) {
    return (RunningDisks)
        Proxy.newProxyInstance(
            RunningDisks.class.getClassLoader(),
            new Class<?>[] {RunningDisks.class},
            (_, method, arguments) -> {
              for (int i = 0; arguments != null && i < arguments.length; i++)
                if (arguments[i] instanceof Progress progress) arguments[i] = heard(fuse, progress);
              try {
                return method.invoke(disks, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private static Progress heard(Fuse fuse, Progress progress) {
    return (done, total) -> {
      try {
        fuse.before("go on after %d of %d".formatted(done, total));
      } catch (IOException e) {
        throw new AssertionError(e);
      }
      return progress.at(done, total);
    };
  }

  // ---- in few words

  Path at(String file) {
    return folder.resolve("disks").resolve(file);
  }

  /** A base image, of the format that its name says. */
  MediumId disk(String file) {
    return disk(file, MediumVariant.STANDARD, MediumType.NORMAL);
  }

  MediumId disk(String file, MediumVariant variant, MediumType type) {
    return inventory.createMedium(at(file), format(file), variant, CAPACITY, type);
  }

  /** A differencing image, of the format that its name says. */
  MediumId diff(MediumId parent, String file) {
    return inventory.createDiff(parent, at(file), format(file));
  }

  static ImageFormat format(String file) {
    return ImageFormat.of(file.substring(file.lastIndexOf('.') + 1).toUpperCase(Locale.ROOT));
  }

  /** A machine with disks at SATA:0 and on. */
  MachineId machine(String name, MediumId... disks) {
    MachineId machine = inventory.createMachine(name);
    String session = lock(machine);
    inventory.addController(session, "SATA", StorageBus.SATA, null);
    for (int port = 0; port < disks.length; port++) attach(session, port, disks[port]);
    inventory.save(session);
    inventory.unlock(session);
    return machine;
  }

  String lock(MachineId machine) {
    return inventory.lock(machine, LockType.WRITE).id();
  }

  void attach(String session, int port, MediumId medium) {
    inventory.attach(session, sata(port), DeviceType.HARD_DISK, medium);
  }

  static Slot sata(int port) {
    return new Slot("SATA", port, 0);
  }

  /** Locks a running machine, too. */
  String join(MachineId machine) {
    return inventory.lock(machine, LockType.SHARED).id();
  }

  void snapshot(MachineId machine, String name) {
    String session = isRunning(machine) ? join(machine) : lock(machine);
    inventory.takeSnapshot(session, name, "");
    inventory.unlock(session);
  }

  /** Deletes a snapshot, which must work. */
  void deleteSnapshot(MachineId machine, String name) {
    String session = isRunning(machine) ? join(machine) : lock(machine);
    done(inventory.deleteSnapshot(session, snapshotOf(machine, name)));
    inventory.unlock(session);
  }

  SnapshotId snapshotOf(MachineId machine, String name) {
    return saved(machine).snapshots().stream()
        .filter(snapshot -> snapshot.name().equals(name))
        .map(Snapshot::id)
        .findFirst()
        .orElseThrow();
  }

  static void done(Job job) {
    if (job.state() != Job.State.DONE)
      throw new AssertionError(job.description() + " has failed", job.failure());
  }

  private boolean isRunning(MachineId machine) {
    return inventory.view().machines().get(machine).state() == MachineState.RUNNING;
  }

  Machine saved(MachineId machine) {
    return inventory.view().machines().get(machine).saved();
  }

  MediumId attached(MachineId machine, int port) {
    Attachment attachment =
        inventory.view().machines().get(machine).working().attachment(sata(port));
    if (attachment == null || attachment.medium() == null)
      throw new AssertionError("nothing at port " + port);
    return attachment.medium();
  }

  Medium medium(MediumId id) {
    return inventory.view().media().get(id).medium();
  }

  ImageChain chain(MediumId top) {
    return ImageChain.of(inventory.view().chain(top).reversed());
  }

  /** The formats of a chain, base first. */
  List<ImageFormat> formats(MediumId top) {
    return inventory.view().chain(top).reversed().stream().map(Medium::format).toList();
  }

  // ---- contents

  /** A disk of a running machine. */
  Emulator emulator(MachineId machine, int port) throws IOException {
    return served.emulator("%s/SATA/%d/0".formatted(saved(machine).name(), port));
  }

  /** Writes to a disk of a machine, running or not, and flushes. */
  void write(MachineId machine, int port, int block, String text) throws IOException {
    if (!isRunning(machine)) {
      write(attached(machine, port), block, text);
      return;
    }
    try (var disk = emulator(machine, port)) {
      disk.write((long) block * BLOCK, sectors(text));
      disk.flush();
    }
  }

  /** What a disk of a running machine shows where {@link #write} wrote. */
  String read(MachineId machine, int port, int block) throws IOException {
    try (var disk = emulator(machine, port)) {
      return text(disk.read((long) block * BLOCK, 512));
    }
  }

  /** Writes to a disk that no machine has open. */
  void write(MediumId top, int block, String text) throws IOException {
    var disk = DifferencingChain.open(chain(top), false, served.threads);
    try (Arena arena = Arena.ofShared()) {
      byte[] bytes = sectors(text);
      MemorySegment memory = arena.allocate(bytes.length);
      MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, bytes.length);
      Stages.join(disk.write((long) block * BLOCK, memory));
    } finally {
      Stages.join(disk.close());
    }
  }

  /** One sector, and another that only some formats store in the same unit. */
  private static byte[] sectors(String text) {
    byte[] bytes = new byte[70 << 10];
    byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(ascii, 0, bytes, 0, ascii.length);
    System.arraycopy(ascii, 0, bytes, bytes.length - 512, ascii.length);
    return bytes;
  }

  private static String text(byte[] bytes) {
    return new String(bytes, 0, 512, StandardCharsets.US_ASCII).trim();
  }

  /** What a disk shows that no machine has open. */
  String show(MediumId top) throws IOException {
    return show(chain(top));
  }

  private String show(ImageChain chain) throws IOException {
    byte[] bytes = bytes(chain);
    StringBuilder text = new StringBuilder();
    for (int at = 0; at < 4 * BLOCK; at += BLOCK)
      text.append('[')
          .append(new String(bytes, at, 512, StandardCharsets.US_ASCII).trim())
          .append(']');
    var all = new CRC32();
    all.update(bytes);
    return text.append(' ').append(Long.toHexString(all.getValue())).toString();
  }

  byte[] bytes(ImageChain chain) throws IOException {
    var disk = DifferencingChain.open(chain, true, served.threads);
    try {
      MemorySegment memory = Arena.ofAuto().allocate(disk.capacity());
      Stages.join(disk.read(0, memory));
      return memory.toArray(ValueLayout.JAVA_BYTE);
    } finally {
      Stages.join(disk.close());
    }
  }

  // ---- the whole

  DurableState durable() {
    View view = inventory.view();
    return new DurableState(folder, view, images, this::show);
  }

  /** What went wrong without an answer. */
  List<Throwable> bugs() {
    return bugs;
  }

  /** What the end of a process leaves of it: nothing. */
  void forget() throws IOException {
    try {
      inventory.close();
    } catch (Fuse.Killed e) {
      // The kernel closes what it had open.
    }
    for (MachineId machine : inventory.view().machines().keySet())
      if (!served.disks.uris(machine).isEmpty()) served.disks.stop(machine);
  }

  @Override
  public void close() throws IOException {
    for (View.MachineView machine : inventory.view().machines().values())
      if (machine.state() == MachineState.RUNNING) inventory.powerDown(machine.saved().id());
    inventory.close();
  }
}
