package dev.varve.io.chain;

import dev.varve.io.layer.Layer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** The image that a merge writes to, over the images below it. One thread uses it; blocks. */
interface MergeTarget {

  /** What writes the image. */
  TopImage top();

  default Layer image() {
    return top().image();
  }

  /** See {@link TopImage#bring}. */
  void bring(int block) throws IOException;

  void write(long offset, MemorySegment data) throws IOException;

  void zero(long offset, long length) throws IOException;

  /** Makes everything durable. */
  void commit() throws IOException;

  /**
   * Makes everything durable, so that another writer can go on with the image. Blocks keep their
   * places.
   */
  default void handOver() throws IOException {
    commit();
  }

  /** Ends the changes, also after a failure, and makes the file dense if possible. */
  default void finish() throws IOException {}
}
