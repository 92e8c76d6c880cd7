package dev.varve.core.inventory;

import dev.varve.core.device.DiskFailures;
import dev.varve.core.limit.LimitStatistics;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.Progress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Keeps which disks are served, and opens nothing. */
public final class RecordingDisks implements RunningDisks {

  private final Map<MachineId, Map<Slot, Disk>> running = new HashMap<>();
  private final List<String> calls = new ArrayList<>();

  /** Waits where the host does not answer for a machine's disks. */
  volatile Consumer<MachineId> hanging = _ -> {};

  /** Whether what machines wrote is lost when they stop. */
  boolean losesWrites;

  /** Slots whose disks cannot be opened, and why. */
  final Map<Slot, String> unopenable = new HashMap<>();

  /** The names of disks that take no more writes, and why. */
  final Map<String, String> broken = new LinkedHashMap<>();

  @Override
  public Map<String, String> broken() {
    return broken;
  }

  /** What a running machine serves now. */
  Map<Slot, Disk> of(MachineId machine) {
    return running.getOrDefault(machine, Map.of());
  }

  /** What was asked, in order: the method and the slot. */
  List<String> calls() {
    return calls;
  }

  /** The process that {@link #otherUser} names; null for none. */
  @Nullable String virtualBox;

  @Override
  public @Nullable String otherUser(Path settingsFile) {
    return virtualBox;
  }

  @Override
  public void forced(Runnable work) {
    calls.add("forced");
    work.run();
  }

  @Override
  public void awaitHost(MachineId machine) {
    hanging.accept(machine);
  }

  @Override
  public void start(MachineId machine, List<Disk> disks) throws UnservedDisksException {
    hanging.accept(machine);
    recordStart(machine, disks);
  }

  private synchronized void recordStart(MachineId machine, List<Disk> disks)
      throws UnservedDisksException {
    calls.add("start");
    Map<Slot, IOException> reasons = new LinkedHashMap<>();
    for (Disk disk : disks) {
      String why = unopenable.get(disk.attachment().slot());
      if (why != null && !disk.chain().isEmpty())
        reasons.put(disk.attachment().slot(), new IOException(why));
    }
    if (!reasons.isEmpty()) throw new UnservedDisksException(reasons);
    Map<Slot, Disk> served = new LinkedHashMap<>();
    for (Disk disk : disks) served.put(disk.attachment().slot(), disk);
    running.put(machine, served);
  }

  @Override
  public void stop(MachineId machine) throws IOException {
    hanging.accept(machine);
    recordStop(machine);
  }

  private synchronized void recordStop(MachineId machine) throws IOException {
    calls.add("stop");
    running.remove(machine);
    if (losesWrites) throw new IOException("lost");
  }

  @Override
  public void plug(MachineId machine, Disk disk) throws IOException {
    String why = unopenable.get(disk.attachment().slot());
    if (why != null) throw new IOException(why);
    calls.add("plug " + disk.attachment().slot());
    running.get(machine).put(disk.attachment().slot(), disk);
  }

  @Override
  public void unplug(MachineId machine, Slot slot) {
    calls.add("unplug " + slot);
    running.get(machine).remove(slot);
  }

  @Override
  public void change(MachineId machine, Disk disk) {
    calls.add("change " + disk.attachment().slot());
    running.get(machine).put(disk.attachment().slot(), disk);
  }

  @Override
  public void push(MachineId machine, Map<Slot, Image> tops, Decision decision) throws IOException {
    calls.add("push " + tops.keySet());
    decision.run();
  }

  @Override
  public RunningMerge merge(
      MachineId machine, Slot slot, Path source, Path target, Progress progress) {
    calls.add("merge " + slot);
    return () -> calls.add("abandon " + slot);
  }

  @Override
  public void finish(MachineId machine, List<RunningMerge> merges, Decision decision)
      throws IOException {
    calls.add("finish " + merges.size());
    decision.run();
  }

  @Override
  public Map<Slot, List<String>> uris(MachineId machine) {
    Map<Slot, List<String>> uris = new LinkedHashMap<>();
    of(machine).forEach((slot, disk) -> uris.put(slot, List.of("nbd://" + slot)));
    return uris;
  }

  @Override
  public Map<String, GroupTraffic> traffic(MachineId machine) {
    return Map.of();
  }

  @Override
  public Map<Slot, DiskLoad> loads(MachineId machine) {
    return Map.of();
  }

  @Override
  public Map<String, LimitStatistics> groupLoads(MachineId machine) {
    return Map.of();
  }

  @Override
  public Map<Slot, DiskStatus> status(MachineId machine) {
    return Map.of();
  }

  @Override
  public Map<Slot, List<DiskFailures.Count>> failures(MachineId machine) {
    return Map.of();
  }
}
