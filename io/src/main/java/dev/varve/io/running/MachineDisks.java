package dev.varve.io.running;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DiskFailures;
import dev.varve.core.device.ExtentSink;
import dev.varve.core.device.FailureTotals;
import dev.varve.core.device.FailureWords;
import dev.varve.core.device.Stages;
import dev.varve.core.inventory.DiskClient;
import dev.varve.core.inventory.DiskWatcher;
import dev.varve.core.inventory.RunningDisks;
import dev.varve.core.inventory.UnservedDisksException;
import dev.varve.core.limit.Alarm;
import dev.varve.core.limit.LimitStatistics;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.MappedDisk;
import dev.varve.core.medium.Progress;
import dev.varve.io.chain.DiskExtents;
import dev.varve.io.chain.LiveChain;
import dev.varve.io.file.FileSizes;
import dev.varve.io.file.OtherWriters;
import dev.varve.io.file.UnlockedWriterException;
import dev.varve.io.host.VirtualBoxService;
import dev.varve.io.nbd.NbdServer;
import dev.varve.io.storage.StorageThreads;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The disks of running machines, served over NBD, and to virtual machines over vhost-user: each
 * slot is an export {@code machine/controller/port/device}.
 *
 * <p>Thread-safe: calls for one machine wait for each other, except {@link #merge}, which runs
 * beside them; calls for different machines do not. Every method may block and none may run on an
 * event loop. A client that does not take its replies delays the withdrawal of its export for as
 * long as {@link dev.varve.io.nbd.NbdLimits#drain} says.
 */
public final class MachineDisks implements RunningDisks {

  /** How often failures that go on are looked at, to log them again when it is time. */
  private static final long TICK_MILLIS = 5000;

  private final NbdServer nbd;
  private final Function<String, List<String>> uris;
  private final OpenDisks devices;
  private final Publisher publisher;
  private final DiskChange changes;
  private final ChainChanges chains;
  private final Alarm alarm;
  private final LongSupplier nanoClock;
  private final Map<MachineId, RunningMachine> machines = new ConcurrentHashMap<>();
  private final FailureTotals failed = new FailureTotals();
  private final FileSizes sizes = new FileSizes();

  /**
   * Serves through {@code nbd}, which stays the caller's, like {@code threads} and {@code alarm};
   * all are closed after all machines are stopped.
   *
   * @param guests where disks have vhost-user sockets; null for none
   * @param alarm rings for the bandwidth groups of all machines
   * @param nanoClock {@link System#nanoTime}, or what the alarm goes by
   * @param uris gives the URIs of an export by its name: one for each address where it is served
   */
  public MachineDisks(
      NbdServer nbd,
      @Nullable GuestSockets guests,
      StorageThreads threads,
      Alarm alarm,
      LongSupplier nanoClock,
      Function<String, List<String>> uris) {
    this.nbd = nbd;
    this.alarm = alarm;
    this.nanoClock = nanoClock;
    this.uris = uris;
    this.devices = new OpenDisks(threads);
    this.publisher = new Publisher(nbd, guests, devices, nanoClock);
    this.changes = new DiskChange(publisher, nanoClock);
    this.chains = new ChainChanges(devices, publisher, nanoClock);
    threads.every(TICK_MILLIS, () -> sizes.look(files()));
    threads.every(TICK_MILLIS, () -> machines.values().forEach(m -> m.failures().tick()));
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

  /** Those that are open. */
  private Set<Path> files() {
    Set<Path> files = new LinkedHashSet<>();
    for (RunningMachine machine : machines.values())
      for (ServedSlot disk : machine.served()) files.addAll(disk.open().paths());
    return files;
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
        new RunningMachine(
            machine, new MachineLimits(alarm, nanoClock), new MachineFailures(nanoClock));
    synchronized (running) {
      if (machines.putIfAbsent(machine, running) != null) {
        throw new IllegalStateException("machine " + machine + " is running; stop it first");
      }
      List<ServedSlot> opened = new ArrayList<>();
      List<ServedSlot> published = new ArrayList<>();
      try {
        openAll(running, disks, opened);
        for (ServedSlot served : opened) {
          publisher.publish(running, served);
          published.add(served);
          running.put(served.slot(), served);
        }
      } catch (Throwable e) {
        running.stopped();
        machines.remove(machine);
        publisher.withdrawAll(running, published);
        opened.forEach(publisher::letGo);
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
  private void openAll(RunningMachine running, List<Disk> disks, List<ServedSlot> opened)
      throws UnservedDisksException {
    Map<Slot, IOException> failures = new LinkedHashMap<>();
    for (Disk disk : disks) {
      try {
        opened.add(publisher.open(running, disk));
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
    RunningMachine running = running(machine);
    synchronized (running) {
      if (running.isStopped()) return; // by another call, while this one waited
      running.stopped();
      List<ServedSlot> served = running.served();
      publisher.withdrawAll(running, served);
      IOException failure = null;
      for (ServedSlot disk : served) {
        try {
          publisher.close(disk);
        } catch (IOException e) {
          if (failure == null) failure = e;
          else failure.addSuppressed(e);
        }
      }
      machines.remove(machine);
      running.failures().end();
      running.failures().addTo(failed);
      if (failure != null) throw failure;
    }
  }

  @Override
  public Map<Slot, List<String>> uris(MachineId machine) {
    RunningMachine running = machines.get(machine);
    Map<Slot, List<String>> found = new LinkedHashMap<>();
    if (running == null) return found;
    running.forEach(
        (slot, disk) ->
            found.put(slot, disk == null ? List.of() : uris.apply(disk.export().name())));
    return found;
  }

  @Override
  public Map<String, GroupTraffic> traffic(MachineId machine) {
    RunningMachine running = machines.get(machine);
    return running == null ? Map.of() : running.limits().traffic();
  }

  @Override
  public Map<Slot, DiskStatus> status(MachineId machine) {
    RunningMachine running = machines.get(machine);
    Map<Slot, DiskStatus> found = new LinkedHashMap<>();
    if (running == null) return found;
    for (ServedSlot disk : running.served()) found.put(disk.slot(), disk.status());
    return found;
  }

  @Override
  public Map<Slot, DiskLoad> loads(MachineId machine) {
    RunningMachine running = machines.get(machine);
    Map<Slot, DiskLoad> found = new LinkedHashMap<>();
    if (running == null) return found;
    long now = nanoClock.getAsLong();
    for (ServedSlot disk : running.served()) found.put(disk.slot(), disk.load(sizes, now));
    return found;
  }

  @Override
  public Map<String, LimitStatistics> groupLoads(MachineId machine) {
    RunningMachine running = machines.get(machine);
    return running == null ? Map.of() : running.limits().loads();
  }

  @Override
  public List<DiskClient> clients() {
    long now = nanoClock.getAsLong();
    return nbd.clients().views().stream().map(each -> ClientWatch.seen(each, now)).toList();
  }

  @Override
  public void watch(DiskWatcher watcher) {
    publisher.watch(watcher);
  }

  @Override
  public boolean disconnect(long client) {
    return nbd.clients().disconnect(client);
  }

  @Override
  public Map<Slot, List<DiskFailures.Count>> failures(MachineId machine) {
    RunningMachine running = machines.get(machine);
    return running == null ? Map.of() : running.failures().counts();
  }

  @Override
  public Map<String, String> broken() {
    Map<String, String> broken = new LinkedHashMap<>();
    for (RunningMachine machine : machines.values())
      for (ServedSlot disk : machine.served()) {
        IOException why = disk.open().damage();
        if (why != null) broken.put(disk.export().name(), FailureWords.of(why));
      }
    return broken;
  }

  /** What has failed in all machines that have been stopped. */
  public FailureTotals failed() {
    return failed;
  }

  @Override
  public void awaitHost(MachineId machine) {
    RunningMachine running = machines.get(machine);
    if (running == null) return;
    for (ServedSlot disk : running.served()) {
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
    RunningMachine running = running(machine);
    synchronized (running) {
      Slot slot = disk.attachment().slot();
      running.checkRunning();
      if (running.hasDiskAt(slot))
        throw new IllegalStateException("machine " + machine + " has a disk at " + slot);
      running.put(slot, publisher.openAndPublish(running, disk));
    }
  }

  @Override
  public void unplug(MachineId machine, Slot slot) throws IOException {
    RunningMachine running = running(machine);
    synchronized (running) {
      running.checkRunning();
      ServedSlot served = running.at(slot);
      running.remove(slot);
      if (served == null) return;
      publisher.withdrawAll(running, List.of(served));
      publisher.letGo(served);
    }
  }

  @Override
  public void change(MachineId machine, Disk disk) throws IOException {
    RunningMachine running = running(machine);
    synchronized (running) {
      running.checkRunning();
      changes.change(running, disk);
    }
  }

  // ---- new tops, and merges

  @Override
  public void push(MachineId machine, Map<Slot, Image> tops, Decision decision) throws IOException {
    RunningMachine running = running(machine);
    synchronized (running) {
      running.checkRunning();
      chains.push(running, tops, decision);
    }
  }

  @Override
  public @Nullable RunningMerge merge(
      MachineId machine, Slot slot, Path source, Path target, Progress progress)
      throws IOException {
    return chains.merge(running(machine), slot, source, target, progress);
  }

  @Override
  public void finish(MachineId machine, List<RunningMerge> merges, Decision decision)
      throws IOException {
    RunningMachine running = running(machine);
    synchronized (running) {
      running.checkRunning();
      chains.finish(running, merges, decision);
    }
  }

  private RunningMachine running(MachineId machine) {
    RunningMachine running = machines.get(machine);
    if (running == null) throw RunningMachine.notRunning(machine);
    return running;
  }
}
