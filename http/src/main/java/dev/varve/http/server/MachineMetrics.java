package dev.varve.http.server;

import dev.varve.core.device.DiskFailures;
import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.ServedDisks;
import dev.varve.core.inventory.ServedDisks.GroupTraffic;
import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.limit.LimitStatistics;
import dev.varve.core.machine.Slot;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Metrics of running machines: traffic of their bandwidth groups, bytes that their disks have
 * returned to the host, and failed requests. They are collected for each scrape, so that machines,
 * groups and disks that have gone leave nothing behind. Any thread; may block.
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

  @Override
  public MetricSnapshots collect() {
    Map<Labels, LimitStatistics> groups = new LinkedHashMap<>();
    List<CounterDataPointSnapshot> reclaimed = new ArrayList<>();
    List<CounterDataPointSnapshot> errors = new ArrayList<>();
    for (MachineView machine : inventory.view().machines().values()) {
      if (!machine.state().isOnline()) continue;
      String name = machine.saved().name();
      for (Map.Entry<String, GroupTraffic> group : disks.traffic(machine.saved().id()).entrySet())
        groups.put(Labels.of("machine", name, "group", group.getKey()), group.getValue().all());
      disks
          .status(machine.saved().id())
          .forEach((slot, status) -> reclaimed.add(point(labels(name, slot), status.reclaimed())));
      disks
          .failures(machine.saved().id())
          .forEach((slot, failed) -> add(labels(name, slot), failed, errors));
    }
    return snapshots(groups, reclaimed, errors);
  }

  private static MetricSnapshots snapshots(
      Map<Labels, LimitStatistics> groups,
      List<CounterDataPointSnapshot> reclaimed,
      List<CounterDataPointSnapshot> errors) {
    return MetricSnapshots.of(
        count(groups, "read_bytes", "Bytes read through a group", LimitStatistics::readAnswered),
        count(
            groups,
            "written_bytes",
            "Bytes written through a group",
            LimitStatistics::writtenAnswered),
        count(groups, "operations", "Requests through a group", LimitStatistics::operations),
        count(
            groups,
            "throttled_seconds",
            "Time in which a request of a group has waited",
            all -> all.throttledNanos() / NANOS_PER_SECOND),
        gauge(
            groups,
            "waiting_requests",
            "Requests that wait for a group",
            LimitStatistics::waitingRequests),
        gauge(
            groups,
            "waiting_bytes",
            "Bytes of the requests that wait for a group",
            LimitStatistics::waitingBytes),
        new CounterSnapshot(
            new MetricMetadata(
                "varve_attachment_reclaimed_bytes",
                "Bytes that discards have given back to the host since the disk was opened"),
            reclaimed),
        new CounterSnapshot(
            new MetricMetadata(
                "varve_disk_errors",
                "Requests that the host could not carry out since the machine was started"),
            errors));
  }

  private static Labels labels(String machine, Slot slot) {
    return Labels.of(
        "machine",
        machine,
        "controller",
        slot.controller(),
        "port",
        Integer.toString(slot.port()),
        "device",
        Integer.toString(slot.device()));
  }

  private static void add(
      Labels disk, List<DiskFailures.Count> failed, List<CounterDataPointSnapshot> errors) {
    for (DiskFailures.Count each : failed) {
      Labels labels =
          disk.add("operation", each.operation().name().toLowerCase(Locale.ROOT))
              .add("kind", each.kind().code());
      errors.add(point(labels, each.count()));
    }
  }

  private static CounterDataPointSnapshot point(Labels labels, double value) {
    return CounterDataPointSnapshot.builder().labels(labels).value(value).build();
  }

  private static CounterSnapshot count(
      Map<Labels, LimitStatistics> groups,
      String name,
      String help,
      ToDoubleFunction<LimitStatistics> value) {
    var counter = CounterSnapshot.builder().name(GROUP + name).help(help);
    groups.forEach((labels, all) -> counter.dataPoint(point(labels, value.applyAsDouble(all))));
    return counter.build();
  }

  private static GaugeSnapshot gauge(
      Map<Labels, LimitStatistics> groups,
      String name,
      String help,
      ToDoubleFunction<LimitStatistics> value) {
    var gauge = GaugeSnapshot.builder().name(GROUP + name).help(help);
    groups.forEach(
        (labels, all) ->
            gauge.dataPoint(
                GaugeDataPointSnapshot.builder()
                    .labels(labels)
                    .value(value.applyAsDouble(all))
                    .build()));
    return gauge.build();
  }
}
