package dev.varve.http.command;

import dev.varve.core.measure.Durations;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a disk did between two looks at the server. Immutable.
 *
 * @param throttled which part of the time any request waited for a limit, from 0 to 1
 */
record DiskRates(
    String machine,
    String disk,
    String export,
    Rate read,
    Rate write,
    Rate flush,
    double throttled,
    long inFlight,
    long waiting,
    long clients,
    double errorsPerSecond) {

  private static final double NANOS_PER_SECOND = 1e9;

  /**
   * One operation.
   *
   * @param p50Nanos half of the requests took no longer; 0 if there were none
   */
  record Rate(double perSecond, double bytesPerSecond, long p50Nanos, long p99Nanos) {
    private JsonObject json() {
      return new JsonObject()
          .put("perSecond", perSecond)
          .put("bytesPerSecond", bytesPerSecond)
          .put("p50Micros", p50Nanos / 1e3)
          .put("p99Micros", p99Nanos / 1e3);
    }
  }

  /**
   * Those of all disks that are in both answers, and of new ones.
   *
   * @param before an earlier answer to {@code GET disks}
   */
  static List<DiskRates> between(JsonObject before, JsonObject now, long nanos) {
    Map<String, JsonObject> earlier = new HashMap<>();
    for (Object each : before.getJsonArray("disks"))
      earlier.put(((JsonObject) each).getString("export"), (JsonObject) each);
    List<DiskRates> rates = new ArrayList<>();
    for (Object each : now.getJsonArray("disks")) {
      var disk = (JsonObject) each;
      rates.add(of(earlier.get(disk.getString("export")), disk, nanos / NANOS_PER_SECOND));
    }
    return rates;
  }

  private static DiskRates of(@Nullable JsonObject before, JsonObject now, double seconds) {
    JsonObject was = before == null || restarted(before, now) ? new JsonObject() : before;
    double throttled = now.getLong("throttledNanos") - was.getLong("throttledNanos", 0L);
    long errors = errors(now) - errors(was);
    return new DiskRates(
        now.getString("machineName"),
        now.getString("disk"),
        now.getString("export"),
        rate(was, now, "read", seconds),
        rate(was, now, "write", seconds),
        rate(was, now, "flush", seconds),
        Math.clamp(throttled / NANOS_PER_SECOND / seconds, 0, 1),
        now.getLong("inFlight"),
        now.getLong("waitingRequests"),
        now.getLong("clients"),
        errors / seconds);
  }

  /** Whether the machine has been started anew in between, so that counting began again. */
  private static boolean restarted(JsonObject before, JsonObject now) {
    return operation(now, "read").getLong("answered", 0L)
            < operation(before, "read").getLong("answered", 0L)
        || operation(now, "write").getLong("answered", 0L)
            < operation(before, "write").getLong("answered", 0L);
  }

  private static long errors(JsonObject disk) {
    JsonObject operations = disk.getJsonObject("operations", new JsonObject());
    return operations.fieldNames().stream()
        .mapToLong(name -> operations.getJsonObject(name).getLong("errors", 0L))
        .sum();
  }

  private static Rate rate(JsonObject before, JsonObject now, String name, double seconds) {
    JsonObject was = operation(before, name);
    JsonObject is = operation(now, name);
    Durations durations = durations(is).since(durations(was));
    return new Rate(
        (is.getLong("answered", 0L) - was.getLong("answered", 0L)) / seconds,
        (is.getLong("bytes", 0L) - was.getLong("bytes", 0L)) / seconds,
        durations.percentileNanos(0.5),
        durations.percentileNanos(0.99));
  }

  private static JsonObject operation(JsonObject disk, String name) {
    return disk.getJsonObject("operations", new JsonObject()).getJsonObject(name, new JsonObject());
  }

  private static Durations durations(JsonObject operation) {
    Map<Long, Long> buckets = new HashMap<>();
    for (Object each : operation.getJsonArray("durations", new JsonArray())) {
      var bucket = (JsonObject) each;
      buckets.put(bucket.getLong("upToNanos"), bucket.getLong("count"));
    }
    return Durations.of(buckets, operation.getLong("sumNanos", 0L));
  }

  /** For programs. */
  JsonObject json() {
    return new JsonObject()
        .put("machine", machine)
        .put("disk", disk)
        .put("export", export)
        .put("clients", clients)
        .put("read", read.json())
        .put("write", write.json())
        .put("flush", flush.json())
        .put("throttled", throttled)
        .put("inFlight", inFlight)
        .put("waiting", waiting)
        .put("errorsPerSecond", errorsPerSecond);
  }
}
