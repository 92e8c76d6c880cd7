package dev.varve.core.device;

/**
 * Takes the allocation of a range, extent by extent, in order of offset. Called by one thread at a
 * time, which may be a storage thread.
 */
public interface ExtentSink {

  /** Wants nothing. */
  ExtentSink NONE = (length, depth, zero) -> false;

  /**
   * The next {@code length} bytes, at least 1.
   *
   * @param depth 0 if no image holds them, 1 if the top image decides what they are, 2 its parent,
   *     and so on
   * @param zero whether they are known to read as zeroes; always true at depth 0
   * @return false to hear no more
   */
  boolean extent(long length, int depth, boolean zero);
}
