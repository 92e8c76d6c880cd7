package dev.varve.io.nbd;

import dev.varve.io.loop.ServerTotals;
import dev.varve.io.polling.PollTotals;

/**
 * What an NBD server has done since it was made. Immutable.
 *
 * @param totals its clients, what they asked for, and how busy its loops were
 * @param refused how many clients were not let in
 * @param polling what it has cost that the loops of disks poll
 */
public record NbdStats(ServerTotals totals, long refused, PollTotals polling) {}
