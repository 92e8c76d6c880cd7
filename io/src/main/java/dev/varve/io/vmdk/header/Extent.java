package dev.varve.io.vmdk.header;

import dev.varve.core.device.ReadSink;
import dev.varve.io.layer.Place;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * One open extent of an image: a piece of the disk, and where its ranges are. Offsets are those of
 * the extent, in bytes. Threads: as those of a {@link dev.varve.io.layer.Layer}.
 */
public interface Extent {

  /** The unit of allocation, in bytes; a power of two. */
  int unit();

  /**
   * Where a range is. Needs the map lock.
   *
   * @param length at least 1; the range ends within the extent
   * @return the offset in the extent's file of the first byte, which the others follow; or {@link
   *     Place#FREE}, {@link Place#ZERO}, {@link Place#LOST}, {@link Place#ENCODED}, or {@link
   *     Place#MIXED} if the range crosses the end of a unit or the answer differs within it
   */
  long find(long offset, int length) throws IOException;

  /** How many bytes from {@code offset} on have the same answer as the first of them. */
  int run(long offset, int length) throws IOException;

  /** Decodes a range within one unit for which {@link #find} returns {@link Place#ENCODED}. */
  default void decode(long offset, MemorySegment destination) throws IOException {
    throw new IOException("the extent has no encoded units to decode");
  }

  /**
   * Hands an encoded range to {@code sink} if it was decoded before. Thread-safe; never waits.
   *
   * @return false if not; then {@code sink} got nothing
   */
  default boolean tryDecoded(long offset, int length, ReadSink sink) {
    return false;
  }

  /** Frees what the extent keeps in memory. Its file is closed by the image. */
  default void close() {}
}
