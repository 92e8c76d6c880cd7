package dev.varve.core.device;

import java.lang.foreign.MemorySegment;

/**
 * Takes the contents of a range, run by run, in order of offset. Called by the thread that reads,
 * often an event loop: must not block.
 */
public interface ReadSink {

  /**
   * The next {@code length} bytes of the range are those at {@code offset} of {@code memory}, which
   * must not be written.
   */
  void bytes(MemorySegment memory, long offset, int length);

  /** The next {@code length} bytes of the range are zero. */
  void zeroes(int length);

  /**
   * Whether the sink keeps references to the memory, under a lease, instead of copying it at once.
   * The device then makes sure beforehand that no file was truncated below the range: a socket that
   * finds memory gone can only be cut.
   */
  default boolean keepsReferences() {
    return false;
  }
}
