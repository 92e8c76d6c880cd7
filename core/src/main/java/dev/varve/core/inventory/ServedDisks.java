package dev.varve.core.inventory;

import dev.varve.core.device.DiskFailures;
import dev.varve.core.device.DiskTraffic;
import dev.varve.core.device.ImageWork;
import dev.varve.core.limit.LimitStatistics;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** What can be seen of the disks of running machines. Thread safe. */
public interface ServedDisks {

  /**
   * The URIs at which a running machine's disks are served: NBD first, then that of a vhost-user
   * socket if it has one. Does not wait for a disk.
   */
  Map<Slot, List<String>> uris(MachineId machine);

  /**
   * What passes through a running machine's bandwidth groups, by their names: of those that a disk
   * has been in since the machine started. Empty if it does not run. Does not block.
   */
  Map<String, GroupTraffic> traffic(MachineId machine);

  /**
   * What else can be seen of a running machine's disks; none if it does not run. Does not wait for
   * a disk.
   */
  Map<Slot, DiskStatus> status(MachineId machine);

  /**
   * The requests of a running machine's disks that the host could not carry out, since the machine
   * was started. Does not wait for a disk.
   */
  Map<Slot, List<DiskFailures.Count>> failures(MachineId machine);

  /**
   * What clients ask of a running machine's disks; none if it does not run. Takes no lock and waits
   * for nothing.
   */
  Map<Slot, DiskLoad> loads(MachineId machine);

  /**
   * What has passed a running machine's bandwidth groups and waits in them, by their names, without
   * the rates of the last second. Takes no lock and waits for nothing.
   */
  Map<String, LimitStatistics> groupLoads(MachineId machine);

  /**
   * What clients ask of a disk.
   *
   * @param export its name for clients
   * @param requests since the machine was started
   * @param throttledNanos how long any request has waited for a limit, since the medium is there
   * @param waitingRequests how many wait for a limit now
   * @param images how many bytes each file of its chain takes on its file system, base first, as of
   *     a moment ago; without those that were not looked at yet
   * @param work what the images had to do since the medium was opened
   */
  record DiskLoad(
      String export,
      DiskTraffic.Totals requests,
      long throttledNanos,
      long waitingRequests,
      Map<Path, Long> images,
      ImageWork work) {}

  /** The clients that use a disk now. Waits for nothing. */
  default List<DiskClient> clients() {
    return List.of();
  }

  /**
   * Sends a client away: what it has in flight is still answered. It may connect again.
   *
   * @return false if there is no such client
   */
  default boolean disconnect(long client) {
    return false;
  }

  /**
   * The disks whose files take no changes until the machine is powered down, by the names that
   * clients know, and why. Waits for nothing.
   */
  default Map<String, String> broken() {
    return Map.of();
  }

  /** Tells a watcher, of which there is one, what is served from now on and to whom. */
  default void watch(DiskWatcher watcher) {}

  /**
   * A disk that is served.
   *
   * @param givesSpaceBack whether discarding gives space back to the host
   * @param reclaimed how many bytes the host got back since the disk was opened
   */
  record DiskStatus(boolean readOnly, boolean givesSpaceBack, long reclaimed) {}

  /**
   * A bandwidth group at work.
   *
   * @param all of all members together, those that have left included
   * @param members the disks that are in it now
   */
  record GroupTraffic(LimitStatistics all, Map<Slot, LimitStatistics> members) {}
}
