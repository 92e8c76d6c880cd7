package dev.varve.io.client;

import dev.varve.core.device.DiskTraffic;
import dev.varve.core.device.Export;
import dev.varve.core.log.Amount;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One client from its coming to its end, and what is told of it: that it uses a disk, and why it is
 * gone. A client that never used a disk appears in the log at level DEBUG only. Used on the event
 * loop of its connection; {@link #view} and {@link #sendAway} are for any thread.
 */
public final class Visit {

  private final Clients clients;
  private final long number;
  private final Transport transport;
  private String peer;
  private long start;
  private @Nullable Use use;
  private @Nullable String why;
  private boolean cut;

  /** Of a client that uses a disk. */
  private record Use(
      String export,
      String disk,
      DiskTraffic traffic,
      Supplier<ClientTotals> asked,
      Consumer<String> end) {}

  Visit(Clients clients, long number, Transport transport, String peer, long nowNanos) {
    this.clients = clients;
    this.number = number;
    this.transport = transport;
    this.peer = peer;
    this.start = nowNanos;
  }

  long number() {
    return number;
  }

  /**
   * More is known of the other end.
   *
   * @param how is added to what people are told
   */
  public void identified(String how) {
    peer = peer + ", " + how;
  }

  /**
   * Uses a disk from now on.
   *
   * @param asked what it has asked for; for any thread
   * @param end sends it away, for the reason that it gets; for any thread
   */
  public void uses(
      Export export, Supplier<ClientTotals> asked, Consumer<String> end, long nowNanos) {
    start = nowNanos;
    String known = export.failures().disk(); // one name, whichever of its names was asked for
    String disk = known.isEmpty() ? export.description() : known;
    use = new Use(export.name(), disk, export.traffic(), asked, end);
    export.traffic().clientCame();
    log(Level.INFO, "connected to disk '%s' over %s".formatted(disk, transport.text()), nowNanos);
    clients.entered(this);
  }

  /** The reason why it is about to go, unless there was one before. */
  public void left(String reason) {
    if (why == null) why = reason;
  }

  /**
   * The reason why it is cut off without what it wanted: the first one, added to that of {@link
   * #left}.
   */
  public void cut(String reason) {
    if (cut || reason.isEmpty()) return;
    why = why == null ? reason : why + ", and " + reason;
    cut = true;
  }

  /** It is gone. For when a reason is known. */
  public void ended(long nowNanos) {
    assert why != null;
    if (use == null) {
      log(Level.DEBUG, "is gone and had used no disk: " + why, nowNanos);
      return;
    }
    use.traffic.clientLeft();
    log(cut ? Level.WARNING : Level.INFO, end(use, why, nowNanos), nowNanos);
    clients.left(this, why);
  }

  private String end(Use used, String reason, long nowNanos) {
    ClientTotals asked = used.asked.get();
    return "%s disk '%s' after %s: %s; %s, %s read, %s written"
        .formatted(
            cut ? "was cut from" : "left",
            used.disk,
            Amount.time(Duration.ofNanos(nowNanos - start)),
            reason,
            Amount.of(asked.requests(), "request"),
            Amount.bytes(asked.bytesRead()),
            Amount.bytes(asked.bytesWritten()));
  }

  /**
   * Logs what the client did.
   *
   * @param what the rest of a sentence that begins with the client
   */
  public void log(Level level, String what, long nowNanos) {
    clients.log(level, "client %d (%s) %s".formatted(number, peer, what), nowNanos);
  }

  /** What can be seen of a client that uses a disk. */
  ClientView view() {
    assert use != null;
    return new ClientView(number, transport, peer, use.export, start, use.asked.get());
  }

  /** Sends away a client that uses a disk. */
  void sendAway(String reason) {
    assert use != null;
    use.end.accept(reason);
  }
}
