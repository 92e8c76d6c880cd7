package dev.varve.io.storage;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Remembers that the host failed to make data durable. It may have dropped that data, and the next
 * {@code fdatasync} would succeed without it: so every later flush fails until the disk is opened
 * again. Thread-safe.
 */
public final class LostWrites {

  /** Hands written data to the medium, or makes it durable. */
  public interface Sync {
    void run() throws IOException;
  }

  private volatile @Nullable IOException failure;

  /** Fails if an earlier sync has failed. */
  public void requireNone() throws IOException {
    IOException before = failure;
    if (before == null) return;
    throw new IOException(
        "an earlier flush failed and data written before it may be lost; flushes fail until the disk is opened again: "
            + before.getMessage(),
        before);
  }

  /** Runs a sync, and remembers its failure. */
  public void note(Sync sync) throws IOException {
    try {
      sync.run();
    } catch (IOException e) {
      failure = e;
      throw e;
    }
  }
}
