package dev.varve.io.running;

import dev.varve.core.inventory.ServedDisks.GroupTraffic;
import dev.varve.core.limit.Alarm;
import dev.varve.core.limit.LimitGroup;
import dev.varve.core.limit.LimitMember;
import dev.varve.core.limit.LimitStatistics;
import dev.varve.core.limit.LimitedDevice;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.Slot;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.LongSupplier;

/**
 * The bandwidth groups of a running machine, and which of its disks are in them. A group is there
 * from its first disk on for as long as the machine runs, so that a disk gets no new burst by
 * leaving it and coming back. Thread-safe; does not block.
 */
final class MachineLimits {

  private final Alarm alarm;
  private final LongSupplier nanoClock;
  private final Map<String, LimitGroup> groups = new ConcurrentSkipListMap<>();
  private final Map<Slot, LimitedDevice> disks = new LinkedHashMap<>();

  MachineLimits(Alarm alarm, LongSupplier nanoClock) {
    this.alarm = alarm;
    this.nanoClock = nanoClock;
  }

  /**
   * Limits a disk as it asks for; its group's limits change with it. What waits of it goes to the
   * back of the new group's queue.
   */
  synchronized void limit(ServedSlot served) {
    BandwidthGroup group = served.disk().group();
    disks.put(served.slot(), served.device());
    served.device().limitTo(group == null ? null : inForce(group));
  }

  private LimitGroup inForce(BandwidthGroup wanted) {
    long now = nanoClock.getAsLong();
    LimitGroup group =
        groups.computeIfAbsent(wanted.name(), _ -> new LimitGroup(wanted.limits(), alarm, now));
    if (!group.limits().equals(wanted.limits())) group.change(wanted.limits(), now);
    return group;
  }

  /** Limits a disk no more: whatever waits of it goes at once. */
  synchronized void release(ServedSlot served) {
    disks.remove(served.slot(), served.device());
    served.device().limitTo(null);
  }

  synchronized Map<String, GroupTraffic> traffic() {
    long now = nanoClock.getAsLong();
    Map<String, GroupTraffic> traffic = new LinkedHashMap<>();
    groups.forEach(
        (name, group) ->
            traffic.put(name, new GroupTraffic(group.statistics(now), members(group, now))));
    return traffic;
  }

  /** What has passed each group and waits in it, without rates. Takes no lock. */
  Map<String, LimitStatistics> loads() {
    long now = nanoClock.getAsLong();
    Map<String, LimitStatistics> loads = new LinkedHashMap<>();
    groups.forEach((name, group) -> loads.put(name, group.counted(now)));
    return loads;
  }

  private Map<Slot, LimitStatistics> members(LimitGroup group, long now) {
    Map<Slot, LimitStatistics> members = new LinkedHashMap<>();
    disks.forEach(
        (slot, disk) -> {
          LimitMember member = disk.member();
          if (member != null && member.group() == group) members.put(slot, member.statistics(now));
        });
    return members;
  }
}
