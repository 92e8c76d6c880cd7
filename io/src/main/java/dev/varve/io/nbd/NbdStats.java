package dev.varve.io.nbd;

import dev.varve.core.measure.Durations;
import dev.varve.io.polling.PollTotals;

/**
 * What a server has done since it was made. The numbers are read while the loops go on: each is
 * right, together they may be a batch apart.
 *
 * @param connections how many are open now
 * @param accepted how many there have been
 * @param refused how many clients were not let in
 * @param requests how many requests were answered, or handed over to be
 * @param handedOver how many of those went to storage threads, as a whole or in parts
 * @param bytesRead payload sent to clients
 * @param bytesWritten payload taken from clients
 * @param longestStallNanos the longest time by the clock that an event loop was busy with one turn
 *     of this server's work; what the machine did in between instead of running it is counted, so
 *     that a busy host shows many times the loop's own work
 * @param turns how long such turns took, all of them
 * @param polling what it has cost that the loops of disks poll
 */
public record NbdStats(
    long connections,
    long accepted,
    long refused,
    long requests,
    long handedOver,
    long bytesRead,
    long bytesWritten,
    long longestStallNanos,
    Durations turns,
    PollTotals polling) {

  static final NbdStats NONE =
      new NbdStats(0, 0, 0, 0, 0, 0, 0, 0, Durations.NONE, PollTotals.NONE);

  NbdStats of(long refusedClients, PollTotals polls) {
    return new NbdStats(
        connections,
        accepted,
        refusedClients,
        requests,
        handedOver,
        bytesRead,
        bytesWritten,
        longestStallNanos,
        turns,
        polls);
  }
}
