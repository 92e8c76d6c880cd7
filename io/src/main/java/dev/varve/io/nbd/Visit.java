package dev.varve.io.nbd;

import dev.varve.core.device.Export;
import dev.varve.core.log.Amount;
import java.lang.System.Logger.Level;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What is logged of one connection: that its client has chosen a disk, and why it is gone. A client
 * that never chose a disk appears at level DEBUG only. Used on the connection's event loop.
 */
final class Visit {

  private final Visitors visitors;
  private String client;
  private final long number;
  private String peer;
  private long start;
  private @Nullable String missed;
  private @Nullable String disk;
  private @Nullable String why;
  private boolean cut;

  /**
   * @param peer the other end, for people
   */
  Visit(Visitors visitors, String peer, long nowNanos) {
    this.visitors = visitors;
    this.number = visitors.nextNumber();
    this.peer = peer;
    this.client = "client %d (%s)".formatted(number, peer);
    this.start = nowNanos;
  }

  /** Which no other client has had. */
  long number() {
    return number;
  }

  /** The other end, for people. */
  String peer() {
    return peer;
  }

  /**
   * Its connection is encrypted.
   *
   * @param how the version of TLS, and the subject of its certificate if it has one
   */
  void secured(String how) {
    peer = peer + ", " + how;
    client = "client %d (%s)".formatted(number, peer);
  }

  /** It could not begin TLS: people who set it up need to hear why. */
  void unsecured(String reason, long nowNanos) {
    visitors.log(Level.INFO, client + " could not begin TLS: " + reason, nowNanos);
    left("it could not begin TLS");
  }

  /** It asked for a disk that is not there; clients ask twice for one. */
  void askedFor(String unknown, long nowNanos) {
    if (unknown.equals(missed)) return;
    missed = unknown;
    visitors.log(
        Level.INFO,
        client + " asked for the disk '" + unknown + "', which is not served",
        nowNanos);
  }

  void chose(Export export, long nowNanos) {
    start = nowNanos;
    String known = export.failures().disk(); // one name, whichever of its names was asked for
    disk = known.isEmpty() ? export.description() : known;
    visitors.log(Level.INFO, "%s connected to disk '%s'".formatted(client, disk), nowNanos);
  }

  /** The reason why it is about to go, unless there was one before. */
  void left(String reason) {
    if (why == null) why = reason;
  }

  /**
   * The reason why it is cut off without what it wanted: the first one, added to that of {@link
   * #left}.
   */
  void cut(String reason) {
    if (cut || reason.isEmpty()) return;
    why = why == null ? reason : why + ", and " + reason;
    cut = true;
  }

  /** Why it is gone. */
  String reason() {
    return why == null ? "it closed the connection without a disconnect request" : why;
  }

  void ended(@Nullable ClientMeter meter, long nowNanos) {
    String reason = reason();
    if (meter == null) {
      visitors.log(Level.DEBUG, client + " is gone and had chosen no disk: " + reason, nowNanos);
      return;
    }
    visitors.log(
        cut ? Level.WARNING : Level.INFO,
        "%s %s disk '%s' after %s: %s; %s, %s read, %s written"
            .formatted(
                client,
                cut ? "was cut from" : "left",
                disk,
                Amount.time(Duration.ofNanos(nowNanos - start)),
                reason,
                Amount.of(meter.requests(), "request"),
                Amount.bytes(meter.bytesRead()),
                Amount.bytes(meter.bytesWritten())),
        nowNanos);
  }
}
