package dev.varve.io.nbd;

import dev.varve.core.device.Export;
import dev.varve.io.client.ClientCounters;
import dev.varve.io.client.ClientMeter;
import dev.varve.io.client.ClientTotals;
import dev.varve.io.client.Visit;
import io.netty.channel.ChannelHandlerContext;

/**
 * A client that has chosen its disk. In each turn of the event loop it takes the client's requests
 * as far as the turn, the device and the socket allow, and sends the replies. Used on the
 * connection's event loop.
 */
final class ServedClient {

  private final Connection connection;
  private final Visit visit;
  private final ConnectionEnd end;
  private final SocketReading reading;
  private final Inbound inbound;
  private final Replies replies;
  private final ClientCounters counters = new ClientCounters();
  private final ClientMeter meter;
  private final Transmission transmission;
  private final UntakenReplies untaken;
  private final IdleWatch idle;
  private boolean touched;

  ServedClient(
      Connection connection,
      ChannelHandlerContext context,
      NbdLoop loop,
      NbdLimits limits,
      Export export,
      NegotiatedOptions options,
      Visit visit,
      ConnectionEnd end,
      SocketReading reading,
      Inbound inbound) {
    this.connection = connection;
    this.visit = visit;
    this.end = end;
    this.reading = reading;
    this.inbound = inbound;
    replies = new Replies(context, loop, options.structured());
    meter = new ClientMeter(loop, export.traffic(), counters);
    transmission =
        new Transmission(connection, loop, limits, export, options, inbound, replies, meter);
    untaken = new UntakenReplies(connection, context, loop, limits, replies);
    idle =
        new IdleWatch(
            connection, context.executor(), loop, limits.idle(), end, transmission, untaken);
  }

  Transmission transmission() {
    return transmission;
  }

  /** What it has asked for so far. Any thread. */
  ClientTotals asked() {
    return counters.totals();
  }

  /** It is gone: what is in flight ends without a reply. */
  void abandon() {
    transmission.abandon();
    meter.count();
  }

  /** The client has sent something. */
  void busy(long nowNanos) {
    idle.busy(nowNanos);
  }

  /** Serves what was received until something has to be waited for. */
  void advance() {
    transmission.refillBudget();
    untaken.adaptBound();
    while (!end.hasBegun()) {
      if (untaken.reachBound()) {
        reading.pause();
        return;
      }
      switch (transmission.advance()) {
        case NONE -> throw new AssertionError("it goes on by itself");
        case INPUT -> {
          reading.resume();
          return;
        }
        case COMPLETION -> {
          reading.pause();
          return;
        }
        case TURN -> {
          reading.pauseForTurn();
          connection.goOnSoon();
          return;
        }
        case REPLIES -> flush();
        case END -> connection.end("it disconnected");
        case BROKEN -> {
          visit.cut("it sent something that is not an NBD request");
          connection.end("");
        }
      }
    }
  }

  /** A part is coming back; true if it is the first since {@link #turnDone}. */
  boolean touch() {
    boolean first = !touched;
    touched = true;
    return first;
  }

  void partDone(PartialRequest part) {
    transmission.partDone(part);
  }

  /** Sends the replies of this turn, and looks at requests that had to wait. */
  void turnDone(long nowNanos) {
    touched = false;
    idle.busy(nowNanos);
    if (reading.requestsWait() && !end.hasBegun()) advance();
    flush();
    inbound.shrink();
  }

  /** Sends the replies that have gathered. */
  void flush() {
    meter.count(); // a client that has its reply finds it counted
    replies.flush();
    untaken.watch();
  }
}
