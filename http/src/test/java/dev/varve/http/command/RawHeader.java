package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.BitSet;

/**
 * Header and block map as they lie in an image's file, judged by VirtualBox's rules and without
 * Varve's code.
 *
 * @param places where the stored blocks are
 * @param count the header's number of allocated blocks
 */
record RawHeader(Path file, long dataOffset, int blockSize, int count, BitSet places, long length) {

  private static final int MAP_OFFSET_AT = 340;
  private static final int DATA_OFFSET_AT = 344;
  private static final int BLOCK_SIZE_AT = 376;
  private static final int BLOCKS_AT = 384;
  private static final int COUNT_AT = 388;
  private static final int FREE = -1;
  private static final int ZERO = -2;

  /** Fails if the image breaks a rule that must hold at any moment, even after a kill. */
  static RawHeader sound(Path file) throws IOException {
    try (var channel = FileChannel.open(file)) {
      var bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
      bytes.order(ByteOrder.LITTLE_ENDIAN);
      var header =
          new RawHeader(
              file,
              Integer.toUnsignedLong(bytes.getInt(DATA_OFFSET_AT)),
              bytes.getInt(BLOCK_SIZE_AT),
              bytes.getInt(COUNT_AT),
              new BitSet(),
              channel.size());
      header.takeMap(bytes.slice(bytes.getInt(MAP_OFFSET_AT), 4 * bytes.getInt(BLOCKS_AT)));
      return header;
    }
  }

  private void takeMap(ByteBuffer map) {
    map.order(ByteOrder.LITTLE_ENDIAN);
    int blocks = map.remaining() / 4;
    assertTrue(count <= blocks, file + " counts " + count + " of " + blocks);
    for (int block = 0; block < blocks; block++) {
      int place = map.getInt();
      if (place == FREE || place == ZERO) continue;
      String entry = file + ": block " + block + " at place " + place;
      assertTrue(place >= 0 && place < count, entry + ", of which the header counts " + count);
      assertTrue(!places.get(place), entry + ", where another block is too");
      assertTrue(end(place) <= length, entry + ", and the file has " + length + " bytes");
      places.set(place);
    }
  }

  /** Fails unless the file has no place that no block uses: what a clean end leaves. */
  void assertDense() {
    assertEquals(places.cardinality(), count, file + ": the header's count, and the blocks stored");
    assertEquals(end(count - 1), length, file + ": the length");
  }

  private long end(int place) {
    return dataOffset + (place + 1L) * blockSize;
  }
}
