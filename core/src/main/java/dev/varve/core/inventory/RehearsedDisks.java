package dev.varve.core.inventory;

import dev.varve.core.device.DiskFailures;
import dev.varve.core.device.ExtentSink;
import dev.varve.core.limit.LimitStatistics;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.MappedDisk;
import dev.varve.core.medium.Progress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Disks of running machines that go on as they are: what they are told is noted. Used by one thread
 * at a time.
 */
final class RehearsedDisks implements RunningDisks {

  private final RunningDisks disks;
  private final RehearsedEffects effects;

  RehearsedDisks(RunningDisks disks, RehearsedEffects effects) {
    this.disks = disks;
    this.effects = effects;
  }

  @Override
  public Map<Slot, List<String>> uris(MachineId machine) {
    return disks.uris(machine);
  }

  @Override
  public Map<String, GroupTraffic> traffic(MachineId machine) {
    return disks.traffic(machine);
  }

  @Override
  public Map<Slot, DiskStatus> status(MachineId machine) {
    return disks.status(machine);
  }

  @Override
  public Map<Slot, List<DiskFailures.Count>> failures(MachineId machine) {
    return disks.failures(machine);
  }

  @Override
  public Map<Slot, DiskLoad> loads(MachineId machine) {
    return disks.loads(machine);
  }

  @Override
  public Map<String, LimitStatistics> groupLoads(MachineId machine) {
    return disks.groupLoads(machine);
  }

  @Override
  public @Nullable MappedDisk map(Path top, long offset, ExtentSink sink) throws IOException {
    return disks.map(top, offset, sink);
  }

  @Override
  public boolean isWritten(Path image) {
    return disks.isWritten(image);
  }

  @Override
  public @Nullable String otherUser(Path settingsFile) throws IOException {
    return disks.otherUser(settingsFile);
  }

  @Override
  public void awaitHost(MachineId machine) {
    disks.awaitHost(machine);
  }

  @Override
  public void forced(Runnable work) {
    work.run();
  }

  @Override
  public void start(MachineId machine, List<Disk> started) {
    for (Disk disk : started)
      if (!disk.images().isEmpty())
        effects.say(
            "%s is served%s"
                .formatted(
                    disk.attachment().slot(), disk.readOnly() ? ", and can only be read" : ""));
  }

  @Override
  public void stop(MachineId machine) {
    effects.say("what clients have in flight ends, and they are disconnected");
  }

  @Override
  public void plug(MachineId machine, Disk disk) {
    effects.say("%s is plugged in".formatted(disk.attachment().slot()));
  }

  @Override
  public void unplug(MachineId machine, Slot slot) {
    effects.say("%s is unplugged, and its clients are disconnected".formatted(slot));
  }

  @Override
  public void change(MachineId machine, Disk disk) {
    effects.say("%s is changed while the machine runs".formatted(disk.attachment().slot()));
  }

  @Override
  public void push(MachineId machine, Map<Slot, Image> tops, Decision decision) throws IOException {
    decision.run();
  }

  @Override
  public RunningMerge merge(
      MachineId machine, Slot slot, Path source, Path target, Progress progress) {
    effects.merges(source, target, List.of(source));
    return () -> {};
  }

  @Override
  public void finish(MachineId machine, List<RunningMerge> merges, Decision decision)
      throws IOException {
    decision.run();
  }
}
