package dev.varve.http.server;

import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.ServedDisks;
import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.limit.LimitStatistics;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Metrics of running machines: traffic of their bandwidth groups, and bytes that their disks have
 * returned to the host. They are collected for each scrape, so that machines, groups and disks that
 * have gone leave nothing behind. Any thread; waits for no disk.
 */
final class MachineMetrics implements MultiCollector {

  private static final double NANOS_PER_SECOND = 1e9;
  private static final String GROUP = "varve_bandwidth_group_";

  private final Inventory inventory;
  private final ServedDisks disks;

  MachineMetrics(Inventory inventory, ServedDisks disks) {
    this.inventory = inventory;
    this.disks = disks;
  }

  /** The disks of all running machines. Takes no lock. */
  List<DiskMetrics.Served> served() {
    List<DiskMetrics.Served> served = new ArrayList<>();
    for (MachineView machine : running())
      disks
          .loads(machine.saved().id())
          .forEach(
              (slot, load) ->
                  served.add(
                      new DiskMetrics.Served(machine.saved().name(), slot.toString(), load)));
    return served;
  }

  private List<MachineView> running() {
    return inventory.view().machines().values().stream()
        .filter(machine -> machine.state().isOnline())
        .toList();
  }

  @Override
  public MetricSnapshots collect() {
    Map<Labels, LimitStatistics> groups = new LinkedHashMap<>();
    var reclaimed =
        new Family.Counter(
            "varve_disk_reclaimed_bytes",
            "Bytes that discards have given back to the host since the disk was opened");
    for (MachineView machine : running()) {
      String name = machine.saved().name();
      disks
          .groupLoads(machine.saved().id())
          .forEach((group, all) -> groups.put(Labels.of("machine", name, "group", group), all));
      disks
          .status(machine.saved().id())
          .forEach(
              (slot, status) ->
                  reclaimed.add(
                      Labels.of("machine", name, "disk", slot.toString()), status.reclaimed()));
    }
    return MetricSnapshots.of(
        count(groups, "read_bytes", "Bytes read through a group", LimitStatistics::readAnswered)
            .snapshot(),
        count(
                groups,
                "written_bytes",
                "Bytes written through a group",
                LimitStatistics::writtenAnswered)
            .snapshot(),
        count(groups, "operations", "Requests through a group", LimitStatistics::operations)
            .snapshot(),
        count(
                groups,
                "throttled_seconds",
                "Time in which a request of a group has waited",
                all -> all.throttledNanos() / NANOS_PER_SECOND)
            .snapshot(),
        gauge(
                groups,
                "waiting_requests",
                "Requests that wait for a group",
                LimitStatistics::waitingRequests)
            .snapshot(),
        gauge(
                groups,
                "waiting_bytes",
                "Bytes of the requests that wait for a group",
                LimitStatistics::waitingBytes)
            .snapshot(),
        reclaimed.snapshot());
  }

  private static Family count(
      Map<Labels, LimitStatistics> groups,
      String name,
      String help,
      ToDoubleFunction<LimitStatistics> value) {
    var counter = new Family.Counter(GROUP + name, help);
    groups.forEach((labels, all) -> counter.add(labels, value.applyAsDouble(all)));
    return counter;
  }

  private static Family gauge(
      Map<Labels, LimitStatistics> groups,
      String name,
      String help,
      ToDoubleFunction<LimitStatistics> value) {
    var gauge = new Family.Gauge(GROUP + name, help);
    groups.forEach((labels, all) -> gauge.add(labels, value.applyAsDouble(all)));
    return gauge;
  }
}
