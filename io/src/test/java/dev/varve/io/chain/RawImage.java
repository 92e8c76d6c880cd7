package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.BitSet;

/** An image as it lies in its file, read and judged without the code under test. */
record RawImage(String name, long fileLength, ByteBuffer bytes) {

  private static final int HEADER = 472;
  private static final int COUNT_AT = 388;
  private static final int MODIFY_UUID_AT = 408;

  /** Reads header and map. */
  static RawImage of(ImageFile file) throws IOException {
    ByteBuffer header = read(file, HEADER);
    int mapEnd = header.getInt(340) + 4 * header.getInt(384);
    return new RawImage(file.name(), file.length(), read(file, mapEnd));
  }

  private static ByteBuffer read(ImageFile file, int length) throws IOException {
    MemorySegment memory = Arena.ofAuto().allocate(length);
    file.read(0, memory);
    return ByteBuffer.wrap(memory.toArray(ValueLayout.JAVA_BYTE)).order(ByteOrder.LITTLE_ENDIAN);
  }

  int blocks() {
    return bytes.getInt(384);
  }

  int count() {
    return bytes.getInt(COUNT_AT);
  }

  int entry(int block) {
    return bytes.getInt(bytes.getInt(340) + 4 * block);
  }

  boolean isStored(int block) {
    return entry(block) != -1 && entry(block) != -2;
  }

  long blockOffset(int place) {
    return bytes.getInt(344) + place * stride() + bytes.getInt(380);
  }

  private long stride() {
    return bytes.getInt(376) + bytes.getInt(380);
  }

  private long visible(int block) {
    long blockSize = bytes.getInt(376);
    return Math.min(blockSize, bytes.getLong(368) - block * blockSize);
  }

  private int stored() {
    int stored = 0;
    for (int block = 0; block < blocks(); block++) if (isStored(block)) stored++;
    return stored;
  }

  /** What must hold at any moment, after any crash. */
  RawImage assertSound() {
    var used = new BitSet();
    for (int block = 0; block < blocks(); block++) {
      if (!isStored(block)) continue;
      int place = entry(block);
      String entry = name + ": block " + block + " at place " + place;
      assertTrue(place >= 0 && place < blocks(), entry + " of " + blocks());
      assertTrue(place < count(), entry + ", of which the header counts " + count());
      assertTrue(blockOffset(place) + visible(block) <= fileLength, entry + " is not in the file");
      assertTrue(!used.get(place), entry + ", where another block is too");
      used.set(place);
    }
    assertTrue(count() <= blocks(), name + " counts " + count());
    return this;
  }

  /** What must hold after a clean close. */
  RawImage assertDense() {
    assertSound();
    assertEquals(stored(), count(), name + ": the header's count, and the blocks stored");
    long end = bytes.getInt(344) + count() * stride();
    assertTrue(fileLength <= end, name + " has " + (fileLength - end) + " bytes too many");
    return this;
  }

  /** Only what a change of the contents changes may differ from {@code before}: count and uuid. */
  void assertHeaderKeptSince(RawImage before) {
    byte[] then = Arrays.copyOf(before.bytes.array(), HEADER);
    byte[] now = Arrays.copyOf(bytes.array(), HEADER);
    System.arraycopy(then, COUNT_AT, now, COUNT_AT, 4);
    System.arraycopy(then, MODIFY_UUID_AT, now, MODIFY_UUID_AT, 16);
    assertEquals(-1, Arrays.mismatch(then, now), name + ": where the header changed");
  }
}
