package dev.varve.http.command;

import dev.varve.http.client.ApiClient;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What people are told of bandwidth groups and what passes through them. */
final class BandwidthWords {

  private static final int USUAL_BURST = 100;

  private BandwidthWords() {}

  static String groups(JsonObject answer, ApiClient server) {
    TextTable table = table(answer);
    return table.isEmpty() ? "no bandwidth groups" : table.toString();
  }

  /** A group, and what each of its disks does while the machine runs. */
  static String group(JsonObject group, ApiClient server) {
    return new FactSheet(group.getString("name"))
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
    for (JsonObject group : MachineWords.objects(hardware, "bandwidthGroups")) {
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
    for (String kind : List.of("", "Read", "Write")) {
      String what = kind.isEmpty() ? "" : kind.toLowerCase(Locale.ROOT) + " ";
      long bytes = group.getLong("max" + kind + "BytesPerSecond");
      long operations = group.getLong("max" + kind + "OperationsPerSecond");
      if (bytes != 0) limits.add(what + ByteSize.rounded(bytes) + "/s");
      if (operations != 0) limits.add(what + operations + " requests/s");
    }
    if (limits.isEmpty()) return "none";
    int burst = group.getInteger("burstMilliseconds");
    if (burst != USUAL_BURST) limits.add("burst " + burst + " ms");
    return String.join(", ", limits);
  }

  private static TextTable traffic(JsonObject group) {
    var table = new TextTable("slot", "now", "waiting", "throttled", "read", "written", "requests");
    if (!group.containsKey("traffic")) return table;
    for (JsonObject member : MachineWords.objects(group, "members"))
      row(table, MachineWords.slot(member).toString(), member.getJsonObject("traffic"));
    row(table, "all", group.getJsonObject("traffic"));
    return table;
  }

  private static void row(TextTable table, String who, JsonObject traffic) {
    table.row(
        who,
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
