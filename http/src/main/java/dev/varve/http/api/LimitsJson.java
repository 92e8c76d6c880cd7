package dev.varve.http.api;

import dev.varve.core.inventory.ServedDisks.GroupTraffic;
import dev.varve.core.limit.BandwidthLimits;
import dev.varve.core.limit.LimitStatistics;
import io.vertx.core.json.JsonObject;

/** What bandwidth groups limit, and what passes through them, as JSON. */
final class LimitsJson {

  private static final String BYTES = "maxBytesPerSecond";
  private static final String READ_BYTES = "maxReadBytesPerSecond";
  private static final String WRITE_BYTES = "maxWriteBytesPerSecond";
  private static final String OPERATIONS = "maxOperationsPerSecond";
  private static final String READ_OPERATIONS = "maxReadOperationsPerSecond";
  private static final String WRITE_OPERATIONS = "maxWriteOperationsPerSecond";
  private static final String BURST = "burstMilliseconds";

  private static final long MILLISECOND = 1_000_000;

  private LimitsJson() {}

  static JsonObject of(BandwidthLimits limits) {
    return new JsonObject()
        .put(BYTES, limits.bytesPerSecond())
        .put(READ_BYTES, limits.readBytesPerSecond())
        .put(WRITE_BYTES, limits.writeBytesPerSecond())
        .put(OPERATIONS, limits.operationsPerSecond())
        .put(READ_OPERATIONS, limits.readOperationsPerSecond())
        .put(WRITE_OPERATIONS, limits.writeOperationsPerSecond())
        .put(BURST, limits.burstNanos() / MILLISECOND);
  }

  /** Those that the body names, and the old ones for the others. */
  static BandwidthLimits of(Call call, BandwidthLimits old) {
    return new BandwidthLimits(
        value(call, READ_BYTES, old.readBytesPerSecond()),
        value(call, WRITE_BYTES, old.writeBytesPerSecond()),
        value(call, BYTES, old.bytesPerSecond()),
        value(call, READ_OPERATIONS, old.readOperationsPerSecond()),
        value(call, WRITE_OPERATIONS, old.writeOperationsPerSecond()),
        value(call, OPERATIONS, old.operationsPerSecond()),
        value(call, BURST, old.burstNanos() / MILLISECOND) * MILLISECOND);
  }

  private static long value(Call call, String member, long old) {
    return call.has(member) ? call.longMember(member) : old;
  }

  /** A group's members {@code traffic} and {@code members}. */
  static JsonObject of(GroupTraffic traffic) {
    return new JsonObject()
        .put("traffic", of(traffic.all()))
        .put(
            "members",
            MachineJson.array(
                traffic.members().entrySet(),
                member -> MachineJson.of(member.getKey()).put("traffic", of(member.getValue()))));
  }

  private static JsonObject of(LimitStatistics statistics) {
    return new JsonObject()
        .put("bytesPerSecond", statistics.bytesPerSecond())
        .put("operationsPerSecond", statistics.operationsPerSecond())
        .put("bytesRead", statistics.readAnswered())
        .put("bytesWritten", statistics.writtenAnswered())
        .put("operations", statistics.operations())
        .put("waitingRequests", statistics.waitingRequests())
        .put("waitingBytes", statistics.waitingBytes())
        .put("throttledMilliseconds", statistics.throttledNanos() / MILLISECOND);
  }
}
