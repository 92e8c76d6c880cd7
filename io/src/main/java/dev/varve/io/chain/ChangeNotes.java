package dev.varve.io.chain;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Records completed changes of the top image: whether there were any since the last commit began,
 * and, for a watcher, where. Thread-safe.
 */
final class ChangeNotes {

  private final AtomicBoolean dirty = new AtomicBoolean();

  /** Marks where the contents change; null if there is no watcher. */
  private volatile @Nullable ChangedRanges watcher;

  /**
   * Called after a write has completed. A commit that cleared the mark before this call includes
   * the write.
   */
  void changed(long offset, long length) {
    if (!dirty.get()) dirty.set(true);
    ChangedRanges watching = watcher;
    if (watching != null) watching.mark(offset, length);
  }

  /** The file changed in a way that the guest cannot see. */
  void changedUnseen() {
    dirty.set(true);
  }

  /** Whether anything has changed since the last call. */
  boolean take() {
    return dirty.getAndSet(false);
  }

  /** Sets the watcher of changes that complete from now on; null removes it. */
  void watch(@Nullable ChangedRanges watcher) {
    this.watcher = watcher;
  }
}
