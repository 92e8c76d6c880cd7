/**
 * Event loops that poll for a moment before they sleep: where one request at a time is asked, most
 * of its time is that of waking up. Measured by {@code varve-bench compare -w rr1,rw1,flush16}.
 *
 * <p>Read {@link dev.varve.io.polling.Polling}, then {@code PollPolicy}, which decides how long,
 * and {@code ProcessorWait}, which says when not to: both have no clock of their own. {@code
 * PollStrategy} is the part that Netty sees. Everything but {@code Polling} is used on one loop.
 * Knows nothing of disks, clients and queues; a loop polls for whatever is registered with it.
 */
@NullMarked
package dev.varve.io.polling;

import org.jspecify.annotations.NullMarked;
