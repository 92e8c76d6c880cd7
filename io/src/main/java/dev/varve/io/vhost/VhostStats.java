package dev.varve.io.vhost;

import dev.varve.io.loop.ServerTotals;

/**
 * What a vhost-user server has done since it was made. Immutable.
 *
 * @param totals its front-ends, what their guests asked for, and how busy its loops were
 * @param kicks how often it heard that there are new requests; several kicks may be heard as one
 * @param calls how often it has told of answers
 */
public record VhostStats(ServerTotals totals, long kicks, long calls) {}
