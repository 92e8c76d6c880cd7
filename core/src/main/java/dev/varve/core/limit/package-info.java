/**
 * Bandwidth groups: limits that attachments share, whatever machine, connection and event loop
 * their requests come from.
 *
 * <p>Read {@link dev.varve.core.limit.LimitGroup} first, then {@link
 * dev.varve.core.limit.LimitedDevice}, which puts a disk into one. Any thread may call; the time is
 * an argument. This package knows nothing of machines, image formats or sockets.
 *
 * <p><b>How much.</b> Each limit is virtual scheduling ({@link dev.varve.core.limit.RateLimit}):
 * one moment in nanoseconds up to which the limit is used up, moved on by the exact price of each
 * request. There are no tokens, no refills and no windows, hence no rounding that adds up and
 * nothing to do for a group that is idle. In any stretch of time T passes at most rate x T + burst;
 * a request that is larger than half the burst goes when half is there, is paid for afterwards, and
 * may exceed that by what it is larger.
 *
 * <p><b>Who.</b> Requests that cannot pass wait in a queue for each member, and the member that was
 * served least goes next ({@link dev.varve.core.limit.FairQueue}). Service is measured as the time
 * that the scarcest limit takes for it, so members share bytes where bytes are short and operations
 * where operations are. What one does not use the others get at once. While reads and writes have
 * limits of their own, members share each of the two, and neither waits for the other's limit.
 *
 * <p><b>What it costs.</b> A read or a write counts as one operation and its bytes, however many
 * pieces a front end cuts it into; to cache a range is to read it. Flush, discard and write zeroes
 * count as one operation that writes, to ask for extents as one that reads, and no bytes: they move
 * none, and what they cost the host does not grow with their length. Where nothing limits
 * operations they never wait.
 *
 * <p><b>What others do.</b> VirtualBox counts 32-bit bytes in windows of one second: twice the
 * limit passes around a window's edge, limits from 4 GiB/s wrap, 0 stops the disk, members are
 * served as they come, and a new limit waits for the next window. QEMU has the same separate
 * limits, in floating point and with a timer for each direction of each member; its members take
 * turns request by request, so large requests get more, and discard and write zeroes are charged as
 * if their bytes were written. Both let a flush pass free even where operations are limited.
 */
@NullMarked
package dev.varve.core.limit;

import org.jspecify.annotations.NullMarked;
