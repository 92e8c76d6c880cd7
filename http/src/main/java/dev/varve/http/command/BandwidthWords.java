package dev.varve.http.command;

import dev.varve.core.limit.BandwidthLimits;
import dev.varve.core.limit.Limit;
import dev.varve.http.client.ApiClient;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Bandwidth groups, and what passes through them, as text for people. */
final class BandwidthWords {

  /** Those of a rate, in the order in which they are shown. */
  private static final List<Limit> RATES =
      List.of(
          Limit.BYTES,
          Limit.OPERATIONS,
          Limit.READ_BYTES,
          Limit.READ_OPERATIONS,
          Limit.WRITE_BYTES,
          Limit.WRITE_OPERATIONS);

  private BandwidthWords() {}

  static String groups(JsonObject answer, ApiClient server) {
    TextTable table = table(answer);
    return table.isEmpty() ? "no bandwidth groups" : table.toString();
  }

  /** A group, and what each of its disks does while the machine runs. */
  static String group(JsonObject group, ApiClient server) {
    return new PropertyList(group.getString("name"))
        .facts(group, "kind")
        .fact("limits", limits(group))
        .facts(group, "attachments")
        .table("traffic", traffic(group))
        .toString();
  }

  /**
   * @param hardware a machine's, or a list of its groups
   */
  static TextTable table(JsonObject hardware) {
    var table = new TextTable("name", "kind", "limits", "attachments", "now", "waiting");
    for (JsonObject group : AnswerParts.objects(hardware, "bandwidthGroups")) {
      JsonObject traffic = group.getJsonObject("traffic");
      table.row(
          group.getString("name"),
          group.getString("kind"),
          limits(group),
          group.getInteger("attachments"),
          traffic == null ? null : rates(traffic),
          traffic == null ? null : waiting(traffic));
    }
    return table;
  }

  private static String limits(JsonObject group) {
    List<String> limits = new ArrayList<>();
    for (Limit limit : RATES) if (differs(group, limit)) limits.add(words(group, limit));
    if (limits.isEmpty()) return "none";
    if (differs(group, Limit.BURST)) limits.add(words(group, Limit.BURST));
    return String.join(", ", limits);
  }

  private static boolean differs(JsonObject group, Limit limit) {
    return group.getLong(limit.key()) != BandwidthLimits.NONE.value(limit);
  }

  private static String words(JsonObject group, Limit limit) {
    long value = group.getLong(limit.key());
    return switch (limit) {
      case BYTES -> ByteSize.rounded(value) + "/s";
      case READ_BYTES -> "read " + ByteSize.rounded(value) + "/s";
      case WRITE_BYTES -> "write " + ByteSize.rounded(value) + "/s";
      case OPERATIONS -> value + " requests/s";
      case READ_OPERATIONS -> "read " + value + " requests/s";
      case WRITE_OPERATIONS -> "write " + value + " requests/s";
      case BURST -> "burst " + value + " ms";
    };
  }

  private static TextTable traffic(JsonObject group) {
    var table = new TextTable("slot", "now", "waiting", "throttled", "read", "written", "requests");
    if (!group.containsKey("traffic")) return table;
    for (JsonObject member : AnswerParts.objects(group, "members"))
      row(table, AnswerParts.slot(member).toString(), member.getJsonObject("traffic"));
    row(table, "all", group.getJsonObject("traffic"));
    return table;
  }

  private static void row(TextTable table, String slot, JsonObject traffic) {
    table.row(
        slot,
        rates(traffic),
        waiting(traffic),
        traffic.getLong("throttledMilliseconds") + " ms",
        ByteSize.rounded(traffic.getLong("bytesRead")),
        ByteSize.rounded(traffic.getLong("bytesWritten")),
        traffic.getLong("operations"));
  }

  private static String rates(JsonObject traffic) {
    return "%s/s, %d requests/s"
        .formatted(
            ByteSize.rounded(traffic.getLong("bytesPerSecond")),
            traffic.getLong("operationsPerSecond"));
  }

  private static @Nullable String waiting(JsonObject traffic) {
    long requests = traffic.getLong("waitingRequests");
    return requests == 0
        ? null
        : "%d of %s".formatted(requests, ByteSize.rounded(traffic.getLong("waitingBytes")));
  }
}
