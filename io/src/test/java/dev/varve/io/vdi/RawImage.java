package dev.varve.io.vdi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;

/**
 * An image as it lies in its file, read and judged without the code under test, by what VirtualBox
 * takes for granted.
 */
public record RawImage(String name, long fileLength, ByteBuffer bytes) {

  private static final int HEADER = 472;
  private static final int SIGNATURE = 0xBEDA107F;
  private static final int VERSION = 0x00010001;
  private static final long MOST_READ = 64 << 20;
  private static final int COUNT_AT = 388;
  private static final int MODIFY_UUID_AT = 408;

  /** Reads header and map. */
  public static RawImage of(ImageFile file) throws IOException {
    ByteBuffer header = read(file, HEADER);
    int mapEnd = header.getInt(340) + 4 * header.getInt(384);
    return new RawImage(file.name(), file.length(), read(file, mapEnd));
  }

  /** Whether it is an image of version 1.1 that has all of its header and map. */
  public static boolean isReadable(Path path) throws IOException {
    try (var channel = FileChannel.open(path)) {
      if (channel.size() < HEADER) return false;
      ByteBuffer header = read(channel, HEADER);
      long mapEnd = header.getInt(340) + 4L * header.getInt(384);
      return header.getInt(64) == SIGNATURE
          && header.getInt(68) == VERSION
          && header.getInt(340) >= 0
          && header.getInt(384) > 0
          && mapEnd <= Math.min(channel.size(), MOST_READ);
    }
  }

  /** The same of a file that may be open elsewhere. */
  public static RawImage of(Path path) throws IOException {
    try (var channel = FileChannel.open(path)) {
      ByteBuffer header = read(channel, HEADER);
      int mapEnd = header.getInt(340) + 4 * header.getInt(384);
      return new RawImage(path.toString(), channel.size(), read(channel, mapEnd));
    }
  }

  private static ByteBuffer read(FileChannel channel, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining() && channel.read(bytes, bytes.position()) >= 0) {}
    return bytes;
  }

  private static ByteBuffer read(ImageFile file, int length) throws IOException {
    MemorySegment memory = Arena.ofAuto().allocate(length);
    file.read(0, memory);
    return ByteBuffer.wrap(memory.toArray(ValueLayout.JAVA_BYTE)).order(ByteOrder.LITTLE_ENDIAN);
  }

  public int blocks() {
    return bytes.getInt(384);
  }

  public int count() {
    return bytes.getInt(COUNT_AT);
  }

  public int entry(int block) {
    return bytes.getInt(bytes.getInt(340) + 4 * block);
  }

  public boolean isStored(int block) {
    return entry(block) != -1 && entry(block) != -2;
  }

  public long blockOffset(int place) {
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
  public RawImage assertSound() {
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

  /** Whether the header counts the entries that name a place. */
  public boolean isCounted() {
    return stored() == count();
  }

  /**
   * What must hold after each commit: VirtualBox allocates at the place that the count says, and
   * refuses an image for ever once the count has passed the number of blocks.
   */
  public RawImage assertCounted() {
    assertSound();
    assertEquals(stored(), count(), name + ": the header's count, and the blocks stored");
    return this;
  }

  /** What must hold after a clean close. */
  public RawImage assertDense() {
    assertCounted();
    long end = bytes.getInt(344) + count() * stride();
    assertTrue(fileLength <= end, name + " has " + (fileLength - end) + " bytes too many");
    return this;
  }

  /** Only what a change of the contents changes may differ from {@code before}: count and uuid. */
  public void assertHeaderKeptSince(RawImage before) {
    byte[] then = Arrays.copyOf(before.bytes.array(), HEADER);
    byte[] now = Arrays.copyOf(bytes.array(), HEADER);
    System.arraycopy(then, COUNT_AT, now, COUNT_AT, 4);
    System.arraycopy(then, MODIFY_UUID_AT, now, MODIFY_UUID_AT, 16);
    assertEquals(-1, Arrays.mismatch(then, now), name + ": where the header changed");
  }
}
