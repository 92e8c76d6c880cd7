package dev.varve.io.chain;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What is known of changes to the top image that completed: whether there were any since the last
 * commit began, and, for who wants to know, where. Thread safe.
 */
final class ChangeNotes {

  private final AtomicBoolean dirty = new AtomicBoolean();

  /** Hears where the contents change; null if nobody wants to. */
  private volatile @Nullable ChangedRanges watcher;

  /**
   * Called after a write: a commit that clears the mark before it is set makes the write durable.
   */
  void changed(long offset, long length) {
    if (!dirty.get()) dirty.set(true);
    ChangedRanges watching = watcher;
    if (watching != null) watching.mark(offset, length);
  }

  /** Something changed in the file that no guest can see. */
  void changedUnseen() {
    dirty.set(true);
  }

  /** Whether anything has changed; what changes from now on is told the next time. */
  boolean take() {
    return dirty.getAndSet(false);
  }

  /** Tells {@code watcher} of what completes from now on, or nobody. */
  void watch(@Nullable ChangedRanges watcher) {
    this.watcher = watcher;
  }
}
