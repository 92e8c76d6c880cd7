/**
 * The servers, wired: threads, event loops, disks, NBD, the control plane, sockets, metrics and the
 * log of a server's life. What is opened here is closed here, in the opposite order.
 *
 * <p>Read {@link dev.varve.http.server.StateServer}, which serves the machines of a state folder,
 * then {@link dev.varve.http.server.DiskServer}, which serves chains of images without machines.
 * Their methods may block: they run on the threads of commands, never on an event loop. Knows
 * nothing of the command line and of no rule of the model.
 */
@NullMarked
package dev.varve.http.server;

import org.jspecify.annotations.NullMarked;
