package dev.varve.io.storage;

import java.lang.System.Logger.Level;
import java.util.List;
import java.util.stream.Stream;

/**
 * Notices how long a disk's requests wait for the host. {@link #at} is called by the storage clock;
 * {@link #isSlow} and {@link #end} by any thread. Nothing blocks.
 *
 * <p>A disk is <b>slow</b> once one write took longer than the time between two looks, or another
 * request longer than {@link #LONG_NANOS}, and until none has for {@link #CALM_NANOS}: meanwhile no
 * event loop may write to it. A write that is under way on a loop when its file system begins to
 * hang keeps that loop; no other is lost after it. This costs a write in place nothing but the
 * {@link ReaderEpochs} that it passes through anyway.
 *
 * <p>It <b>hangs</b> once a request has waited for {@link #HANG_NANOS}. That is logged, once, and
 * so is the end of it.
 */
public final class HostWatch implements StorageThreads.Look {

  private static final long NANOS_PER_SECOND = 1_000_000_000;

  /** How long writes must be fast before an event loop makes them again. */
  private static final long CALM_NANOS = 2 * NANOS_PER_SECOND;

  /** Reads of a busy medium and flushes may take this long without anything being wrong. */
  private static final long LONG_NANOS = NANOS_PER_SECOND;

  private static final long HANG_NANOS = 5 * NANOS_PER_SECOND;

  private final String name;
  private final Hangs hangs;
  private final List<Stay> writes;
  private final Stay requests;
  private volatile boolean slow;
  private long slowNanos;
  private boolean hanging;
  private long hangBeganNanos;

  /**
   * @param name of the disk, for messages
   * @param requests those that were handed over and are not answered
   * @param writes the writes in callers' threads, by their epochs
   */
  public HostWatch(
      String name, Hangs hangs, ReaderEpochs requests, long nowNanos, ReaderEpochs... writes) {
    this.name = name;
    this.hangs = hangs;
    this.writes = Stream.of(writes).map(epochs -> new Stay(epochs, nowNanos)).toList();
    this.requests = new Stay(requests, nowNanos);
  }

  /** Whether writes must be handed over, because one of them took too long lately. Any thread. */
  public boolean isSlow() {
    return slow;
  }

  @Override
  public void at(long nowNanos) {
    long writing = 0;
    for (Stay stay : writes) writing = Math.max(writing, stay.look(nowNanos));
    long waited = Math.max(writing, requests.look(nowNanos));
    if (writing > 0 || waited >= LONG_NANOS) {
      slow = true;
      slowNanos = nowNanos;
    } else if (slow && nowNanos - slowNanos >= CALM_NANOS) {
      slow = false;
    }
    if (!hanging && waited >= HANG_NANOS) hangs(nowNanos - waited);
    else if (hanging && waited < HANG_NANOS) answersAgain(nowNanos);
  }

  private void hangs(long sinceNanos) {
    hanging = true;
    hangBeganNanos = sinceNanos;
    hangs.began(this, name);
    hangs.log(
        Level.WARNING,
        "{0}: the host has not answered a request for {1} s: the file system or the device below"
            + " it hangs or is overloaded. Requests of this disk wait, other disks go on",
        name,
        HANG_NANOS / NANOS_PER_SECOND);
  }

  private void answersAgain(long nowNanos) {
    hanging = false;
    hangs.ended(this);
    hangs.log(
        Level.INFO,
        "{0}: the host answers again, after {1} s",
        name,
        (nowNanos - hangBeganNanos) / NANOS_PER_SECOND);
  }

  /** The disk is closed: nothing of it waits any more. */
  public void end() {
    hangs.ended(this);
  }
}
