package dev.varve.io.file;

import java.io.IOException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Watches whether a file is still as its owner, this process, made it. Once another program has cut
 * it, or written what only the owner writes, all writes are refused until the file is opened again:
 * a write behind the new end would make it as long as before, with zeroes for what was lost.
 * Thread-safe.
 *
 * <p>No system call for each write in place: the host is asked for the length at most once in
 * {@link #LOOK_NANOS}, before each write that reaches the file's end, and at each sync. So a write
 * that comes in between can only leave the file shorter than it was, which the next look notices.
 */
final class FileGuard {

  private static final System.Logger LOG = System.getLogger(FileGuard.class.getName());

  /** Shorter than a client needs to cut a file and send a write. */
  private static final long LOOK_NANOS = 100_000;

  /** Asks the host, without waiting. */
  interface Length {
    long now() throws IOException;
  }

  private final String name;
  private final Length length;
  private final LongSupplier nanoTime;

  /** How long the owner has made the file: a shorter file was cut. */
  private volatile long known;

  private volatile @Nullable IOException reason;

  /** A race of threads may cost or save one look, which does no harm. */
  private long lookedNanos;

  FileGuard(String name, long known, Length length, LongSupplier nanoTime) {
    this.name = name;
    this.known = known;
    this.length = length;
    this.nanoTime = nanoTime;
    this.lookedNanos = nanoTime.getAsLong() - LOOK_NANOS;
  }

  /** How long the file is, as far as its owner knows. */
  long known() {
    return known;
  }

  /** The owner has made the file at least this long. */
  void grown(long end) {
    if (end <= known) return;
    synchronized (this) {
      if (end > known) known = end;
    }
  }

  /** Shortens the file by {@code cut}, while none of its checks is under way. */
  synchronized void cutHere(long length, Cut cut) throws IOException {
    known = Math.min(known, length);
    cut.to(length);
    known = length;
  }

  /** Sets the length of a file. */
  interface Cut {
    void to(long length) throws IOException;
  }

  /** Fails if writes are refused now; called before a write that ends at {@code end}. */
  void beforeWrite(long end) throws IOException {
    long now = nanoTime.getAsLong();
    if (end >= known || now - lookedNanos >= LOOK_NANOS) {
      lookedNanos = now;
      requireIntact();
    } else {
      IOException why = reason;
      if (why != null) throw again(why);
    }
  }

  /** Asks for the length now, and fails if the file was cut. */
  void requireIntact() throws IOException {
    IOException why = reason;
    if (why == null) {
      long expected = known; // before the length: the file grows first
      if (length.now() < expected) why = look();
    }
    if (why != null) throw again(why);
  }

  /** Asks once more, while the owner cannot shorten the file. */
  private synchronized @Nullable IOException look() throws IOException {
    long now = length.now();
    if (now >= known) return reason;
    long before = known;
    known = now;
    refuse(
        new IOException(
            ("%s is %d bytes long and was %d before: another program has cut it while it was open"
                    + " here. Varve writes nothing to it any more. Stop the machines that use it, and"
                    + " restore the file from a backup")
                .formatted(name, now, before)));
    return reason;
  }

  /** Refuses everything from now on, for this reason; the first one stays. */
  synchronized void refuse(IOException why) {
    if (reason != null) return;
    reason = why;
    LOG.log(System.Logger.Level.WARNING, "{0}", why.getMessage());
  }

  /** Why everything is refused; null while nothing is. Does not ask the host. */
  @Nullable IOException damage() {
    return reason;
  }

  private static IOException again(IOException why) {
    return new IOException(why.getMessage(), why);
  }
}
