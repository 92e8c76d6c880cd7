package dev.varve.http.api;

import dev.varve.core.limit.BandwidthLimits;
import dev.varve.core.limit.Limit;
import io.vertx.core.json.JsonObject;

/** Limits of bandwidth groups as JSON. */
final class LimitsJson {

  private LimitsJson() {}

  static JsonObject of(BandwidthLimits limits) {
    var json = new JsonObject();
    for (Limit limit : Limit.values()) json.put(limit.key(), limits.value(limit));
    return json;
  }

  /** Limits that the body names; the others are the old ones. */
  static BandwidthLimits of(Call call, BandwidthLimits old) {
    return BandwidthLimits.of(
        limit -> call.has(limit.key()) ? call.longMember(limit.key()) : old.value(limit));
  }
}
