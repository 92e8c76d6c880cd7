package dev.varve.io.chain;

import dev.varve.io.layer.Layer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** The image that a merge changes, on top of those below it. One thread uses it; blocks. */
interface MergeTarget {

  Layer image();

  /** Whether the image says what a block holds, whatever lies below. */
  boolean decides(int block) throws IOException;

  /** Whether writing to the block needs no new place in the file. */
  boolean hasPlace(int block) throws IOException;

  /** See {@link TopImage#bring}. */
  void bring(int block) throws IOException;

  void write(long offset, MemorySegment data) throws IOException;

  void zero(long offset, long length) throws IOException;

  /** Makes everything durable. */
  void commit() throws IOException;

  /** Makes everything durable and lets another write the image; what it holds stays where it is. */
  default void handOver() throws IOException {
    commit();
  }

  /** Ends the changes, also after one of them failed, and leaves the file dense if it can be. */
  default void finish() throws IOException {}
}
