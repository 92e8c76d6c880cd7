package dev.varve.http.command;

import dev.varve.core.log.Amount;
import dev.varve.http.server.ServedDisk;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A disk that clients can use now.
 *
 * @param capacity in bytes
 * @param uris where NBD clients find it, one per address that is listened on
 * @param guests the vhost-user socket; null for none
 */
record PublishedDisk(ServedDisk disk, long capacity, List<String> uris, @Nullable Path guests) {

  /** For people. */
  String text() {
    int images = disk.images().files().size();
    var text = new StringBuilder();
    text.append(disk.name()).append(": ").append(disk.leaf());
    if (images > 1) text.append(" and ").append(images - 1).append(" below it");
    text.append(", ")
        .append(capacity)
        .append(" bytes")
        .append(disk.readOnly() ? ", read-only" : "");
    for (String uri : uris) text.append("\n  ").append(uri);
    if (guests != null) text.append("\n  vhost-user-blk: ").append(guests);
    return text.toString();
  }

  /** For a line of the log. */
  String line() {
    int below = disk.images().files().size() - 1;
    return "disk '%s' (%s%s, %s%s)"
        .formatted(
            disk.name(),
            disk.leaf().toAbsolutePath(),
            below == 0 ? "" : " and " + below + " below it",
            Amount.bytes(capacity),
            disk.readOnly() ? ", read-only" : "");
  }

  /**
   * For programs.
   *
   * @param metrics where Prometheus is answered; null for nowhere
   */
  static String json(List<PublishedDisk> published, @Nullable String metrics) {
    var exports = new JsonArray();
    for (PublishedDisk disk : published) exports.add(disk.json());
    var json = new JsonObject().put("exports", exports);
    return (metrics == null ? json : json.put("metrics", metrics)).encode();
  }

  private JsonObject json() {
    var images = new JsonArray();
    disk.images().files().forEach(image -> images.add(image.toString()));
    var json = new JsonObject();
    if (guests != null) json.put("vhostUser", guests.toString());
    return json.put("name", disk.name())
        .put("capacity", capacity)
        .put("readOnly", disk.readOnly())
        .put("images", images)
        .put("uris", new JsonArray(uris));
  }
}
