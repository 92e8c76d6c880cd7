package dev.varve.http.server;

import dev.varve.core.device.DeviceRequest.Op;
import dev.varve.core.device.DiskTraffic.OperationTotals;
import dev.varve.core.device.ImageWork;
import dev.varve.core.inventory.ServedDisks.DiskLoad;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Metrics of the disks that are served, one series for each export: requests, bytes, errors, how
 * long answers took, what waits. They are collected for each scrape, so that a disk that has gone
 * leaves nothing behind. Thread-safe; takes no lock and waits for nothing.
 */
final class DiskMetrics implements MultiCollector {

  private static final double NANOS_PER_SECOND = 1e9;
  private static final String NAME = "varve_disk_";

  /** What every disk shows from the beginning; other operations appear when they are used. */
  private static final Set<Op> USUAL = Set.of(Op.READ, Op.WRITE, Op.FLUSH, Op.DISCARD);

  /**
   * An export and what it has done.
   *
   * @param machine empty for an image that is served without a machine
   * @param disk the slot, or the name of the image's disk
   */
  record Served(String machine, String disk, DiskLoad load) {
    Labels labels() {
      return Labels.of("machine", machine, "disk", disk, "export", load.export());
    }
  }

  private final Supplier<List<Served>> disks;

  DiskMetrics(Supplier<List<Served>> disks) {
    this.disks = disks;
  }

  @Override
  public MetricSnapshots collect() {
    var families = new Families();
    disks.get().forEach(families::add);
    return families.snapshots();
  }

  /** How metrics call an operation. */
  static String operation(@Nullable Op operation) {
    return operation == null ? "unknown" : operation.name().toLowerCase(Locale.ROOT);
  }

  /** The metrics of one scrape. */
  private static final class Families {
    private final Family.Counter requests =
        new Family.Counter(NAME + "requests", "Requests that were answered, errors included");
    private final Family.Histogram seconds =
        new Family.Histogram(
            NAME + "request_seconds",
            "Requests that succeeded, by the time from when they were taken until their reply left");
    private final Family.Counter bytes =
        new Family.Counter(
            NAME + "bytes", "Bytes read, written, discarded, zeroed or fetched by requests");
    private final Family.Counter errors =
        new Family.Counter(NAME + "errors", "Requests that were answered with an error");
    private final Family.Counter handedOver =
        new Family.Counter(
            NAME + "handed_over_requests",
            "Requests that storage threads served: of reads, those of data that was not in memory");
    private final Family.Gauge inFlight =
        new Family.Gauge(NAME + "in_flight_requests", "Requests that wait for their answer");
    private final Family.Gauge clients =
        new Family.Gauge(NAME + "clients", "Clients that are connected to the disk");
    private final Family.Counter throttled =
        new Family.Counter(
            NAME + "throttled_seconds", "Time in which a request of the disk waited for a limit");
    private final Family.Gauge images =
        new Family.Gauge(
            "varve_image_allocated_bytes",
            "Bytes that an image file of a disk takes on its file system, a moment ago");
    private final Family.Counter copies =
        new Family.Counter(
            NAME + "copy_on_write_copies",
            "Ranges copied from a parent into the disk's top image, because a write covered a block only in part");
    private final Family.Counter copied =
        new Family.Counter(
            NAME + "copy_on_write_bytes", "Bytes that copy-on-write has copied from parents");
    private final Family.Counter blocks =
        new Family.Counter(
            NAME + "allocated_blocks", "Blocks that got a place in the disk's top image");
    private final Family.Counter allocated =
        new Family.Counter(
            NAME + "allocated_bytes", "Bytes of the blocks that got a place in the top image");
    private final Family.Histogram commits =
        new Family.Histogram(
            NAME + "commit_seconds",
            "How long it took to make written data durable, for flushes and in the background");
    private final Family.Gauge waiting =
        new Family.Gauge(NAME + "throttled_requests", "Requests that wait for a limit");

    void add(Served disk) {
      Labels labels = disk.labels();
      DiskLoad load = disk.load();
      load.requests()
          .operations()
          .forEach((op, totals) -> add(labels, op, totals, load.requests().failed(op)));
      load.requests()
          .errors()
          .forEach(
              (failed, count) ->
                  errors.add(
                      labels
                          .add("operation", operation(failed.operation()))
                          .add("kind", failed.code()),
                      count));
      inFlight.add(labels, load.requests().inFlight());
      clients.add(labels, load.requests().clients());
      throttled.add(labels, load.throttledNanos() / NANOS_PER_SECOND);
      waiting.add(labels, load.waitingRequests());
      add(labels, load.work());
      load.images()
          .forEach(
              (file, allocated) ->
                  images.add(
                      Labels.of(
                          "machine", disk.machine(), "disk", disk.disk(), "image", file.toString()),
                      allocated));
    }

    private void add(Labels labels, ImageWork work) {
      copies.add(labels, work.copies());
      copied.add(labels, work.copiedBytes());
      blocks.add(labels, work.places());
      allocated.add(labels, work.placedBytes());
      commits.add(labels, work.commits());
    }

    private void add(Labels disk, Op op, OperationTotals totals, long failed) {
      long answered = totals.answered().count();
      if (!USUAL.contains(op) && answered + failed == 0) return;
      Labels labels = disk.add("operation", operation(op));
      requests.add(labels, answered + failed);
      seconds.add(labels, totals.answered());
      if (op != Op.FLUSH && op != Op.EXTENTS) bytes.add(labels, totals.bytes());
      handedOver.add(labels, totals.handedOver());
    }

    MetricSnapshots snapshots() {
      return new MetricSnapshots(
          Stream.of(
                  requests,
                  seconds,
                  bytes,
                  errors,
                  handedOver,
                  inFlight,
                  clients,
                  throttled,
                  waiting,
                  images,
                  copies,
                  copied,
                  blocks,
                  allocated,
                  commits)
              .map(Family::snapshot)
              .toList());
    }
  }
}
