package dev.varve.io.vhd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.TreeMap;

/**
 * Reads a VHD file by the rules of VirtualBox (FORMATS.md section 3), independently of the code
 * that is tested.
 */
public final class VirtualBoxVhd {

  private static final int SECTOR = 512;

  private final byte[] file;
  private final ByteBuffer bytes;
  private final int footerAt;

  /** Whether the file ends in a footer; else VirtualBox opens it for writing only. */
  public final boolean hasFooter;

  private VirtualBoxVhd(byte[] file) {
    this.file = file;
    this.bytes = ByteBuffer.wrap(file);
    this.hasFooter = isFooter(file.length - SECTOR);
    this.footerAt = hasFooter ? file.length - SECTOR : 0;
    assertTrue(isFooter(footerAt), "there is neither a footer nor a copy of it");
  }

  public static VirtualBoxVhd of(byte[] file) {
    return new VirtualBoxVhd(file);
  }

  public static VirtualBoxVhd of(ImageFile file) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(file.length());
      file.read(0, bytes);
      return of(bytes.toArray(ValueLayout.JAVA_BYTE));
    }
  }

  private boolean isFooter(int at) {
    byte[] cookie = "conectix".getBytes(StandardCharsets.US_ASCII);
    return at >= 0 && at + 8 <= file.length && Arrays.equals(file, at, at + 8, cookie, 0, 8);
  }

  // ---- the fields

  public int capacity() {
    return Math.toIntExact(bytes.getLong(footerAt + 48));
  }

  public int type() {
    return bytes.getInt(footerAt + 60);
  }

  private int headerAt() {
    return Math.toIntExact(bytes.getLong(footerAt + 16));
  }

  private int blockSize() {
    return bytes.getInt(headerAt() + 32);
  }

  private int bitmapLength() {
    return Math.ceilDiv(blockSize() / SECTOR / 8, SECTOR) * SECTOR;
  }

  private int tableAt() {
    return Math.toIntExact(bytes.getLong(headerAt() + 16));
  }

  private int entries() {
    return bytes.getInt(headerAt() + 28);
  }

  private int entry(int block) {
    return bytes.getInt(tableAt() + 4 * block);
  }

  // ---- what the guest sees

  /** The contents of the disk over those of the images below it. */
  public byte[] over(byte[] below) {
    byte[] contents = Arrays.copyOf(Arrays.copyOf(below, capacity()), capacity());
    if (type() == 2) return Arrays.copyOf(file, capacity());
    for (int sector = 0; sector < capacity() / SECTOR; sector++) {
      int at = sector * SECTOR;
      int entry = entry(at / blockSize());
      int within = at % blockSize();
      if (entry == -1 || !isSet(entry * SECTOR, within / SECTOR)) continue;
      System.arraycopy(file, entry * SECTOR + bitmapLength() + within, contents, at, SECTOR);
    }
    return contents;
  }

  private boolean isSet(int bitmapAt, int sector) {
    return (file[bitmapAt + sector / 8] & 0x80 >>> sector % 8) != 0;
  }

  // ---- what must hold

  /** Fails if a program could read it differently, or damage something by writing to it. */
  public VirtualBoxVhd assertSound() {
    assertEquals(checksum(file, footerAt, SECTOR, 64), bytes.getInt(footerAt + 64), "footer");
    if (type() == 2) return this;
    if (isFooter(0)) assertEquals(checksum(file, 0, SECTOR, 64), bytes.getInt(64), "copy");
    assertEquals(checksum(file, headerAt(), 1024, 36), bytes.getInt(headerAt() + 36), "header");
    assertTrue(entries() >= Math.ceilDiv(capacity(), blockSize()), "the table is too short");
    var used = new TreeMap<Integer, Integer>();
    used.put(0, SECTOR);
    used.put(headerAt(), headerAt() + 1024);
    used.put(tableAt(), tableAt() + 4 * entries());
    if (hasFooter) used.put(footerAt, file.length);
    for (int block = 0; block < entries(); block++) {
      if (entry(block) == -1) continue;
      int start = entry(block) * SECTOR;
      int end = start + bitmapLength() + blockSize();
      assertTrue(used.put(start, end) == null, "block " + block + " shares its place");
      assertTrue(end <= file.length, "block " + block + " ends at " + end + " of " + file.length);
    }
    int end = 0;
    for (var range : used.entrySet()) {
      assertTrue(range.getKey() >= end, "something overlaps at " + range.getKey());
      end = range.getValue();
    }
    return this;
  }

  /** Fails unless both footers are there and equal, and nothing is left behind the last block. */
  public VirtualBoxVhd assertClosed() {
    assertSound();
    assertTrue(hasFooter, "no footer");
    if (type() == 2) return this;
    assertTrue(
        Arrays.equals(file, 0, SECTOR, file, footerAt, file.length), "the footers are different");
    return this;
  }

  /** Fails unless all bits of all blocks are set, as QEMU takes them to be. */
  public VirtualBoxVhd assertFull() {
    for (int block = 0; type() != 2 && block < Math.ceilDiv(capacity(), blockSize()); block++) {
      if (entry(block) == -1) continue;
      for (int sector = 0; sector < blockSize() / SECTOR; sector++)
        assertTrue(isSet(entry(block) * SECTOR, sector), "block " + block + " sector " + sector);
    }
    return this;
  }

  static int checksum(byte[] file, int at, int length, int checksumAt) {
    int sum = 0;
    for (int i = 0; i < length; i++)
      if (i < checksumAt || i >= checksumAt + 4) sum += Byte.toUnsignedInt(file[at + i]);
    return ~sum;
  }
}
