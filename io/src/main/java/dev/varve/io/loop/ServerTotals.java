package dev.varve.io.loop;

import dev.varve.core.measure.Durations;
import java.util.stream.Stream;

/**
 * What a server of disks has done since it was made. The numbers are read while the loops go on:
 * each is right, together they may be a batch apart. Immutable.
 *
 * @param connections how many clients are connected now
 * @param accepted how many there have been
 * @param requests how many requests were answered, or handed over to be
 * @param handedOver how many of those went to storage threads, as a whole or in parts
 * @param bytesRead payload that clients got
 * @param bytesWritten payload taken from clients
 * @param longestStallNanos the longest time by the clock that an event loop was busy with one turn
 *     of this server's work; what the machine did in between instead of running it is counted, so
 *     that a busy host shows many times the loop's own work
 * @param turns how long such turns took, all of them
 */
public record ServerTotals(
    long connections,
    long accepted,
    long requests,
    long handedOver,
    long bytesRead,
    long bytesWritten,
    long longestStallNanos,
    Durations turns) {

  public static final ServerTotals NONE = new ServerTotals(0, 0, 0, 0, 0, 0, 0, Durations.NONE);

  /** Those of loops together. */
  public static ServerTotals of(Stream<ServerTotals> loops) {
    return loops.reduce(NONE, ServerTotals::plus);
  }

  /** Those of two servers together. */
  public ServerTotals plus(ServerTotals other) {
    return new ServerTotals(
        connections + other.connections,
        accepted + other.accepted,
        requests + other.requests,
        handedOver + other.handedOver,
        bytesRead + other.bytesRead,
        bytesWritten + other.bytesWritten,
        Math.max(longestStallNanos, other.longestStallNanos),
        turns.plus(other.turns));
  }
}
