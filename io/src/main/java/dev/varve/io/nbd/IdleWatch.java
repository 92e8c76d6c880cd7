package dev.varve.io.nbd;

import dev.varve.core.log.Amount;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Ends the connection of a client that asks for nothing for long. A client that waits for an
 * answer, or takes one slowly, is not idle. Used on the connection's event loop.
 */
final class IdleWatch {

  private final Connection connection;
  private final EventExecutor executor;
  private final NbdLoop loop;
  private final Duration allowed;
  private final ConnectionEnd end;
  private final Transmission transmission;
  private final UntakenReplies untaken;

  /** When the client sent something, or got an answer, last. */
  private long busyNanos;

  /** What it had taken of its replies at the last look. */
  private long takenBefore;

  /**
   * @param allowed how long a client may ask for nothing; zero for as long as it likes
   */
  IdleWatch(
      Connection connection,
      EventExecutor executor,
      NbdLoop loop,
      Duration allowed,
      ConnectionEnd end,
      Transmission transmission,
      UntakenReplies untaken) {
    this.connection = connection;
    this.executor = executor;
    this.loop = loop;
    this.allowed = allowed;
    this.end = end;
    this.transmission = transmission;
    this.untaken = untaken;
    busyNanos = loop.now();
    if (allowed.isPositive()) lookAfter(allowed.toNanos());
  }

  /** The client has sent something, or got an answer. */
  void busy(long nowNanos) {
    busyNanos = nowNanos;
  }

  private void lookAfter(long nanos) {
    executor.schedule(this::endIfIdle, nanos, TimeUnit.NANOSECONDS);
  }

  private void endIfIdle() {
    if (end.hasBegun()) return;
    long taken = untaken.taken();
    boolean takes = untaken.unsent() > 0 && taken != takenBefore;
    takenBefore = taken;
    if (takes || !transmission.waitsForClient()) busyNanos = loop.now();
    long left = allowed.toNanos() - (loop.now() - busyNanos);
    if (left > 0) {
      lookAfter(left);
      return;
    }
    connection.end("it asked for nothing for " + Amount.time(allowed));
    connection.turnDone();
  }
}
