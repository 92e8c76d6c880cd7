package dev.varve.http.api;

import dev.varve.core.inventory.ServedDisks.GroupTraffic;
import dev.varve.core.limit.BandwidthLimits;
import dev.varve.core.limit.Limit;
import dev.varve.core.limit.LimitStatistics;
import io.vertx.core.json.JsonObject;

/** What bandwidth groups limit, and what passes through them, as JSON. */
final class LimitsJson {

  private static final long MILLISECOND = 1_000_000;

  private LimitsJson() {}

  static JsonObject of(BandwidthLimits limits) {
    var json = new JsonObject();
    for (Limit limit : Limit.values()) json.put(limit.key(), limits.value(limit));
    return json;
  }

  /** Those that the body names, and the old ones for the others. */
  static BandwidthLimits of(Call call, BandwidthLimits old) {
    return BandwidthLimits.of(
        limit -> call.has(limit.key()) ? call.longMember(limit.key()) : old.value(limit));
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
