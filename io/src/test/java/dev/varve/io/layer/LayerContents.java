package dev.varve.io.layer;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Reads a base layer as a chain does: block by block, run by run. */
public final class LayerContents {

  private LayerContents() {}

  /** What the guest sees of a range at most, up to the capacity; a lost place fails. */
  public static byte[] read(Layer layer, long offset, long length) throws IOException {
    long end = Math.min(offset + length, layer.capacity());
    byte[] contents = new byte[(int) Math.max(0, end - offset)];
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(Math.max(1, contents.length));
      for (long at = offset; at < end; ) {
        long blockEnd = (at & -layer.blockSize()) + layer.blockSize();
        int run = layer.run(at, (int) Math.min(end, blockEnd) - (int) at);
        read(layer, at, memory.asSlice(at - offset, run));
        at += run;
      }
      MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, 0, contents, 0, contents.length);
    }
    return contents;
  }

  private static void read(Layer layer, long offset, MemorySegment destination) throws IOException {
    long place = layer.find(offset, (int) destination.byteSize());
    if (Place.isStored(place))
      layer.files().get(Place.file(place)).read(Place.offset(place), destination);
    else if (place == Place.ENCODED) layer.decode(offset, destination);
    else if (place == Place.LOST) throw new IOException("lost at " + offset);
    else if (place == Place.MIXED) throw new AssertionError("a run is not mixed");
  }
}
