/**
 * The event loops on which disks are served, one file system each: a host that hangs in one delays
 * only clients of that file system.
 *
 * <p>Read {@link dev.varve.io.loop.DiskLoops} first, then {@link dev.varve.io.loop.LoopInbox},
 * through which storage threads give requests back. Thread-safe. Knows no protocol, no device and
 * no image. How the loops wait for work is {@code io.polling}'s.
 */
@NullMarked
package dev.varve.io.loop;

import org.jspecify.annotations.NullMarked;
