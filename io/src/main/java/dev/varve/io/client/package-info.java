/**
 * The clients of the servers of disks, in whatever way they reach a disk: who they are, what they
 * ask for and how long it takes, who hears that they come and go, and how one is sent away.
 *
 * <p>Read {@link dev.varve.io.client.Clients} first, which the servers share, so that a number
 * names one client. A server has a {@link dev.varve.io.client.Visit} for each, and counts with a
 * {@link dev.varve.io.client.ClientMeter} on each event loop that serves the client.
 *
 * <p>Knows loops and devices; no protocol, no socket and no image.
 */
@NullMarked
package dev.varve.io.client;

import org.jspecify.annotations.NullMarked;
