package dev.varve.io.running;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DiskFailures;
import dev.varve.core.device.ExtentSink;
import dev.varve.core.device.FailureTotals;
import dev.varve.core.device.Stages;
import dev.varve.core.inventory.RunningDisks;
import dev.varve.core.inventory.UnservedDisksException;
import dev.varve.core.journal.UndecidedException;
import dev.varve.core.limit.Alarm;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import dev.varve.core.medium.MappedDisk;
import dev.varve.core.medium.Progress;
import dev.varve.io.chain.ChainFinder;
import dev.varve.io.chain.DiskExtents;
import dev.varve.io.chain.LiveChain;
import dev.varve.io.file.OtherWriters;
import dev.varve.io.file.UnlockedWriterException;
import dev.varve.io.host.VirtualBoxService;
import dev.varve.io.nbd.NbdServer;
import dev.varve.io.storage.StorageThreads;
import io.vertx.core.Future;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The disks of running machines, served over NBD: each slot is an export {@code
 * machine/controller/port/device}.
 *
 * <p>Thread safe: calls for one machine wait for each other, except {@link #merge}, which runs
 * beside them; calls for different machines do not. Every method may block and none may run on an
 * event loop. A client that does not take its replies delays whatever withdraws its export for as
 * long as {@link dev.varve.io.nbd.NbdLimits#drain} says.
 */
public final class MachineDisks implements RunningDisks {

  private static final System.Logger LOG = System.getLogger(MachineDisks.class.getName());

  /** How often failures that go on are looked at, to log them again when it is time. */
  private static final long TICK_MILLIS = 5000;

  private final NbdServer nbd;
  private final Function<String, List<String>> uris;
  private final OpenDisks devices;
  private final Alarm alarm;
  private final LongSupplier nanoClock;
  private final Map<MachineId, Running> machines = new ConcurrentHashMap<>();
  private final FailureTotals failed = new FailureTotals();

  /**
   * Serves through {@code nbd}, which stays the caller's, like {@code threads} and {@code alarm};
   * all are closed after all machines are stopped.
   *
   * @param alarm rings for the bandwidth groups of all machines
   * @param nanoClock {@link System#nanoTime}, or what the alarm goes by
   * @param uris gives the URIs of an export by its name: one for each address that {@code nbd}
   *     listens on
   */
  public MachineDisks(
      NbdServer nbd,
      StorageThreads threads,
      Alarm alarm,
      LongSupplier nanoClock,
      Function<String, List<String>> uris) {
    this.nbd = nbd;
    this.alarm = alarm;
    this.nanoClock = nanoClock;
    this.uris = uris;
    this.devices = new OpenDisks(threads);
    threads.every(TICK_MILLIS, () -> machines.values().forEach(m -> m.failures.tick()));
  }

  /** A machine and its disks; its monitor is held by whoever changes them. */
  private static final class Running {
    final MachineId machine;
    final MachineLimits limits;
    final MachineFailures failures;

    /**
     * Null for a disk that had to be closed and could not be opened again. Has a monitor of its
     * own, held for moments: whoever only looks does not wait for a disk that cannot be closed.
     */
    final Map<Slot, @Nullable ServedSlot> disks =
        Collections.synchronizedMap(new LinkedHashMap<>());

    boolean stopped;

    Running(MachineId machine, MachineLimits limits, MachineFailures failures) {
      this.machine = machine;
      this.limits = limits;
      this.failures = failures;
    }

    @Nullable ServedSlot at(Slot slot) {
      if (!disks.containsKey(slot))
        throw new IllegalStateException("machine " + machine + " has no disk at " + slot);
      return disks.get(slot);
    }
  }

  // ---- looking

  @Override
  public @Nullable MappedDisk map(Path top, long offset, ExtentSink sink) throws IOException {
    OpenDisk disk = devices.withTop(top);
    if (disk == null) return null;
    List<Path> files = disk.paths();
    BlockDevice device = disk.device();
    if (offset <= device.capacity()) DiskExtents.of(device, offset, sink);
    if (!files.equals(disk.paths()))
      throw new IOException("the images of " + top + " changed while they were read; try again");
    return new MappedDisk(files, device.capacity());
  }

  @Override
  public boolean isWritten(Path image) {
    OpenDisk disk = devices.withTop(image);
    return disk != null && !disk.device().readOnly();
  }

  // ---- all disks of a machine

  @Override
  public void start(MachineId machine, List<Disk> disks) throws IOException {
    var running =
        new Running(machine, new MachineLimits(alarm, nanoClock), new MachineFailures(nanoClock));
    synchronized (running) {
      if (machines.putIfAbsent(machine, running) != null) {
        throw new IllegalStateException("machine " + machine + " is running; stop it first");
      }
      List<ServedSlot> opened = new ArrayList<>();
      List<ServedSlot> published = new ArrayList<>();
      try {
        openAll(running, disks, opened);
        for (ServedSlot served : opened) {
          publish(running, served);
          published.add(served);
          running.disks.put(served.slot(), served);
        }
      } catch (Throwable e) {
        running.stopped = true;
        machines.remove(machine);
        withdraw(running, published);
        opened.forEach(this::letGo);
        throw e;
      }
    }
  }

  @Override
  public @Nullable String otherUser(Path settingsFile) throws IOException {
    return VirtualBoxService.usingMachineOf(settingsFile);
  }

  @Override
  public void forced(Runnable work) {
    OtherWriters.tolerate(work::run);
  }

  /** Opens each that can be opened, so that all others are named at once. */
  private void openAll(Running running, List<Disk> disks, List<ServedSlot> opened)
      throws UnservedDisksException {
    Map<Slot, IOException> failures = new LinkedHashMap<>();
    for (Disk disk : disks) {
      try {
        opened.add(open(running, disk));
      } catch (UnlockedWriterException e) {
        var told = new IOException(e.getMessage() + ", or start the machine with --force", e);
        failures.put(disk.attachment().slot(), told);
      } catch (IOException e) {
        failures.put(disk.attachment().slot(), e);
      }
    }
    if (!failures.isEmpty()) throw new UnservedDisksException(failures);
  }

  @Override
  public void stop(MachineId machine) throws IOException {
    Running running = running(machine);
    synchronized (running) {
      if (running.stopped) return; // by another call, while this one waited
      running.stopped = true;
      List<ServedSlot> served = new ArrayList<>();
      synchronized (running.disks) {
        for (ServedSlot disk : running.disks.values()) if (disk != null) served.add(disk);
      }
      withdraw(running, served);
      IOException failure = null;
      for (ServedSlot disk : served) {
        try {
          devices.close(disk.open());
        } catch (IOException e) {
          if (failure == null) failure = notDurable(disk, e);
          else failure.addSuppressed(notDurable(disk, e));
        }
      }
      machines.remove(machine);
      running.failures.end();
      running.failures.addTo(failed);
      if (failure != null) throw failure;
    }
  }

  private static IOException notDurable(ServedSlot disk, IOException cause) {
    return new IOException(
        "the disk '"
            + disk.export().name()
            + "' is closed, but what the guest wrote last could not be made durable: "
            + cause.getMessage(),
        cause);
  }

  @Override
  public Map<Slot, List<String>> uris(MachineId machine) {
    Running running = machines.get(machine);
    Map<Slot, List<String>> found = new LinkedHashMap<>();
    if (running == null) return found;
    synchronized (running.disks) {
      running.disks.forEach(
          (slot, disk) ->
              found.put(slot, disk == null ? List.of() : uris.apply(disk.export().name())));
    }
    return found;
  }

  @Override
  public Map<String, GroupTraffic> traffic(MachineId machine) {
    Running running = machines.get(machine);
    return running == null ? Map.of() : running.limits.traffic();
  }

  @Override
  public Map<Slot, DiskStatus> status(MachineId machine) {
    Running running = machines.get(machine);
    Map<Slot, DiskStatus> found = new LinkedHashMap<>();
    if (running == null) return found;
    synchronized (running.disks) {
      running.disks.forEach(
          (slot, disk) -> {
            if (disk != null) found.put(slot, disk.status());
          });
    }
    return found;
  }

  @Override
  public Map<Slot, List<DiskFailures.Count>> failures(MachineId machine) {
    Running running = machines.get(machine);
    return running == null ? Map.of() : running.failures.counts();
  }

  /** What has failed in all machines that have been stopped. */
  public FailureTotals failed() {
    return failed;
  }

  @Override
  public void awaitHost(MachineId machine) {
    Running running = machines.get(machine);
    if (running == null) return;
    List<ServedSlot> served = new ArrayList<>();
    synchronized (running.disks) {
      for (ServedSlot disk : running.disks.values()) if (disk != null) served.add(disk);
    }
    for (ServedSlot disk : served) {
      LiveChain chain = disk.open().chain();
      if (chain != null) chain.awaitBegun(); // a write may wait that no flush waits for
      try {
        Stages.join(disk.open().device().flush());
      } catch (IOException _) {
        // It has answered, and what asked finds out what is wrong.
      }
    }
  }

  // ---- one disk

  @Override
  public void plug(MachineId machine, Disk disk) throws IOException {
    Running running = running(machine);
    synchronized (running) {
      Slot slot = disk.attachment().slot();
      checkRunning(running);
      if (running.disks.containsKey(slot))
        throw new IllegalStateException("machine " + machine + " has a disk at " + slot);
      running.disks.put(slot, openAndPublish(running, disk));
    }
  }

  @Override
  public void unplug(MachineId machine, Slot slot) throws IOException {
    Running running = running(machine);
    synchronized (running) {
      checkRunning(running);
      ServedSlot served = running.at(slot);
      running.disks.remove(slot);
      if (served == null) return;
      withdraw(running, List.of(served));
      letGo(served);
    }
  }

  @Override
  public void change(MachineId machine, Disk disk) throws IOException {
    Running running = running(machine);
    synchronized (running) {
      checkRunning(running);
      Slot slot = disk.attachment().slot();
      ServedSlot before = running.at(slot);
      if (before == null) running.disks.put(slot, openAndPublish(running, disk));
      else if (before.hasMediumOf(disk))
        running.disks.put(slot, changeFlags(running, before, disk));
      else if (before.sharesAFileWith(disk)) replaceAfterClosing(running, before, disk);
      else running.disks.put(slot, replace(running, before, disk));
    }
  }

  /** The device stays open; connections end only if they were told something else. */
  private ServedSlot changeFlags(Running running, ServedSlot before, Disk disk) throws IOException {
    ServedSlot after = ServedSlot.of(disk, before.open(), before.export().failures(), nanoClock);
    if (after.looksLike(before)) {
      after = before.with(disk);
      running.limits.limit(after);
      return after;
    }
    Future<Void> unused = withdraw(running, before);
    publishOr(running, after, before);
    Stages.join(unused.toCompletionStage());
    return after;
  }

  private ServedSlot replace(Running running, ServedSlot before, Disk disk) throws IOException {
    ServedSlot after = open(running, disk);
    Future<Void> unused = withdraw(running, before);
    try {
      publishOr(running, after, before);
    } catch (Throwable e) {
      letGo(after);
      throw e;
    }
    Stages.join(unused.toCompletionStage());
    letGo(before);
    return after;
  }

  /** Publishes {@code after}, or again what was published before. */
  private void publishOr(Running running, ServedSlot after, ServedSlot before) throws IOException {
    try {
      publish(running, after);
    } catch (Throwable e) {
      publish(running, before);
      throw e;
    }
  }

  /** The new disk needs a file, in another way, that the old one has locked. */
  private void replaceAfterClosing(Running running, ServedSlot before, Disk disk)
      throws IOException {
    Slot slot = before.slot();
    Disk old = ServedSlot.withChain(before.disk(), before.open().paths());
    running.disks.put(slot, null);
    withdraw(running, List.of(before));
    letGo(before);
    try {
      running.disks.put(slot, openAndPublish(running, disk));
    } catch (Throwable e) {
      try {
        running.disks.put(slot, openAndPublish(running, old));
      } catch (IOException again) {
        e.addSuppressed(again);
      }
      throw e;
    }
  }

  // ---- new tops, and merges

  @Override
  public void push(MachineId machine, Map<Slot, Path> tops, Decision decision) throws IOException {
    Running running = running(machine);
    synchronized (running) {
      checkRunning(running);
      Map<ServedSlot, Path> pushes = new LinkedHashMap<>();
      for (Map.Entry<Slot, Path> top : tops.entrySet()) {
        ServedSlot disk = ofThisMachineAlone(running, top.getKey());
        checkWritten(disk);
        Path path = top.getValue().toAbsolutePath().normalize();
        List<Path> higher = with(disk, path);
        ChainFinder.listed(
            disk.disk().withFiles(higher)); // what is wrong is better found before the decision
        pushes.put(disk, path);
      }
      var held = new HeldChains();
      try {
        held.hold(pushes.keySet().stream().map(MachineDisks::chain).toList());
        decision.run();
      } catch (UndecidedException e) {
        for (ServedSlot disk : pushes.keySet()) giveUp(running, disk, held, e);
        throw e;
      } catch (Throwable e) {
        held.resume();
        throw e;
      }
      Map<ServedSlot, List<Path>> failed = new LinkedHashMap<>();
      pushes.forEach(
          (disk, top) -> {
            List<Path> decided = with(disk, top);
            if (!pushed(disk, top, held)) failed.put(disk, decided);
          });
      held.resume();
      failed.forEach((disk, decided) -> openAnew(running, disk, decided));
    }
  }

  private static List<Path> with(ServedSlot disk, Path top) {
    List<Path> chain = new ArrayList<>(disk.open().paths());
    chain.add(top);
    return chain;
  }

  /** A chain that fails stays held: it must not go on with the old top. */
  private static boolean pushed(ServedSlot disk, Path top, HeldChains held) {
    LiveChain chain = chain(disk);
    try {
      chain.push(top);
      return true;
    } catch (IOException | RuntimeException e) {
      held.forget(chain);
      LOG.log(
          Level.ERROR,
          "the disk '"
              + disk.export().name()
              + "' could not put "
              + top
              + " on top at once, so its clients are sent away and it is opened anew",
          e);
      return false;
    }
  }

  /** Closes a disk and opens it from the images that were decided for it. */
  private void openAnew(Running running, ServedSlot before, List<Path> decided) {
    Slot slot = before.slot();
    try {
      Stages.join(stopServing(running, before).toCompletionStage());
      running.disks.put(
          slot, openAndPublish(running, ServedSlot.withChain(before.disk(), decided)));
    } catch (IOException | RuntimeException e) {
      LOG.log(
          Level.ERROR,
          "the disk '"
              + before.export().name()
              + "' is not served any more: it cannot be opened as "
              + decided
              + "; change its medium, or stop and start the machine",
          e);
    }
  }

  /** Closes a held disk; what waits for it fails, and is written nowhere. */
  private Future<Void> stopServing(Running running, ServedSlot disk) {
    running.disks.put(disk.slot(), null);
    Future<Void> unused = withdraw(running, disk);
    disk.open().device().close();
    chain(disk).resume();
    letGo(disk);
    return unused;
  }

  @Override
  public @Nullable LiveMerge merge(
      MachineId machine, Slot slot, Path source, Path target, Progress progress)
      throws IOException {
    Running running = running(machine);
    ServedSlot disk;
    synchronized (running) {
      checkRunning(running);
      disk = ofThisMachineAlone(running, slot);
    }
    var begun =
        chain(disk)
            .merge(
                source.toAbsolutePath().normalize(), target.toAbsolutePath().normalize(), progress);
    return begun == null ? null : new Merge(slot, chain(disk), begun);
  }

  /** A merge and the chain in which it is. */
  private record Merge(Slot slot, LiveChain chain, dev.varve.io.chain.LiveMerge merge)
      implements LiveMerge {
    @Override
    public void abandon() {
      merge.abandon();
    }
  }

  @Override
  public void finish(MachineId machine, List<LiveMerge> merges, Decision decision)
      throws IOException {
    Running running = running(machine);
    synchronized (running) {
      checkRunning(running);
      List<Merge> begun = merges.stream().map(Merge.class::cast).toList();
      for (Merge merge : begun) served(running, merge);
      var held = new HeldChains();
      try {
        held.hold(begun.stream().map(Merge::chain).toList());
        for (Merge merge : begun) merge.merge().complete();
        decision.run();
        for (Merge merge : begun) finish(merge);
      } catch (UndecidedException e) {
        for (Merge merge : begun) giveUp(running, served(running, merge), held, e);
        throw e;
      } finally {
        held.resume();
      }
    }
  }

  private static ServedSlot served(Running running, Merge merge) throws IOException {
    ServedSlot disk = running.at(merge.slot());
    if (disk == null || disk.open().chain() != merge.chain()) {
      throw new IOException(
          "the disk at " + merge.slot() + " was changed after its merge began: begin it again");
    }
    return disk;
  }

  /**
   * Ends a held disk of which nobody knows what its chain is now: what a guest wrote as before
   * might be thrown away by the next run, and as after by this one.
   */
  private void giveUp(Running running, ServedSlot disk, HeldChains held, UndecidedException why) {
    held.forget(chain(disk));
    stopServing(running, disk);
    LOG.log(Level.ERROR, "the disk '" + disk.export().name() + "' is not served any more", why);
  }

  /** The decision stands: the chain goes on without the source, whatever fails here. */
  private static void finish(Merge merge) {
    try {
      merge.chain().finish(merge.merge());
    } catch (IOException | RuntimeException e) {
      LOG.log(
          Level.ERROR,
          "the disk at "
              + merge.slot()
              + " goes on without the image that was merged, but the image above it could not be"
              + " told; it is to be given its parent anew when the machine has stopped",
          e);
    }
  }

  private ServedSlot ofThisMachineAlone(Running running, Slot slot) throws IOException {
    ServedSlot disk = running.at(slot);
    if (disk == null || disk.open().chain() == null)
      throw new IOException(
          "the disk at "
              + slot
              + " is a drive of the host or is empty, and only the images of a hard disk can get or"
              + " lose a differencing image");
    if (devices.isShared(disk.open())) {
      throw new IOException(
          "the disk '"
              + disk.export().name()
              + "' is used by several machines or slots at once: its chain cannot change meanwhile");
    }
    return disk;
  }

  private static void checkWritten(ServedSlot disk) throws IOException {
    if (disk.open().device().readOnly())
      throw new IOException(
          "the disk '"
              + disk.export().name()
              + "' is served read-only, and nothing can be put on top of what is not written");
  }

  private static LiveChain chain(ServedSlot disk) {
    LiveChain chain = disk.open().chain();
    assert chain != null;
    return chain;
  }

  // ---- opening, publishing, and back

  private Running running(MachineId machine) {
    Running running = machines.get(machine);
    if (running == null) throw notRunning(machine);
    return running;
  }

  private static void checkRunning(Running running) {
    if (running.stopped) throw notRunning(running.machine);
  }

  private static IllegalStateException notRunning(MachineId machine) {
    return new IllegalStateException("machine " + machine + " is not running");
  }

  private ServedSlot open(Running running, Disk disk) throws IOException {
    OpenDisk open = devices.open(disk);
    return ServedSlot.of(disk, open, running.failures.of(disk, open), nanoClock);
  }

  private ServedSlot openAndPublish(Running running, Disk disk) throws IOException {
    ServedSlot served = open(running, disk);
    try {
      publish(running, served);
      return served;
    } catch (Throwable e) {
      letGo(served);
      throw e;
    }
  }

  private void publish(Running running, ServedSlot served) throws IOException {
    running.limits.limit(served);
    try {
      nbd.publish(served.export());
    } catch (IllegalArgumentException e) {
      running.limits.release(served);
      throw new IOException(
          "the disk name '%s' is taken: a machine of the same name runs with a disk in that slot; power it down first"
              .formatted(served.export().name()),
          e);
    }
  }

  /** Sends the clients away; what they have in flight waits for no limit. */
  private Future<Void> withdraw(Running running, ServedSlot served) {
    Future<Void> unused = nbd.withdraw(served.export().name());
    running.limits.release(served);
    return unused;
  }

  /** Sends the clients of all of them away, and waits until none is left. */
  private void withdraw(Running running, List<ServedSlot> served) throws IOException {
    List<Future<Void>> unused = served.stream().map(disk -> withdraw(running, disk)).toList();
    Stages.join(Future.join(unused).toCompletionStage());
  }

  /** Closes a device that nobody asks for any more. */
  private void letGo(ServedSlot served) {
    try {
      devices.close(served.open());
    } catch (IOException e) {
      LOG.log(Level.ERROR, notDurable(served, e).getMessage(), e);
    }
  }
}
