package dev.varve.io.vhd;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A VHD image made by hand, with bits set sector by sector as Virtual PC does; what lies under
 * clear bits is garbage. Independent of the code that is tested.
 */
public final class TestVhd {

  public static final int SECTOR = 512;
  private static final int GARBAGE = 0xEE;

  public int capacity;
  public int blockSize = 256 << 10;
  public int type = 3;
  public UUID id = new UUID(1, 1);
  public @Nullable UUID parent;
  public int moreEntries;

  /** Empty sectors between header and table, and between table and blocks. */
  public int gap;

  private byte[][] blocks = new byte[0][];
  private boolean[] bits = new boolean[0];

  public static TestVhd of(int capacity, int blockSize) {
    var image = new TestVhd();
    image.capacity = capacity;
    image.blockSize = blockSize;
    image.blocks = new byte[Math.ceilDiv(capacity, blockSize)][];
    image.bits = new boolean[image.blocks.length * blockSize / SECTOR];
    return image;
  }

  public TestVhd id(UUID id) {
    this.id = id;
    return this;
  }

  public TestVhd over(UUID parent) {
    this.parent = parent;
    type = 4;
    return this;
  }

  /** The image holds this sector. */
  public TestVhd sector(int sector, int value) {
    byte[] block = allocate(sector * SECTOR / blockSize);
    int within = sector * SECTOR % blockSize;
    Arrays.fill(block, within, within + SECTOR, (byte) value);
    bits[sector] = true;
    return this;
  }

  /** The block has a place, but none of its sectors. */
  public byte[] allocate(int block) {
    if (blocks[block] == null) {
      blocks[block] = new byte[blockSize];
      Arrays.fill(blocks[block], (byte) GARBAGE);
    }
    return blocks[block];
  }

  /** Does to a plain array what the image does to what lies below it. */
  public byte[] over(byte[] below) {
    byte[] contents = Arrays.copyOf(below, capacity);
    for (int sector = 0; sector < capacity / SECTOR; sector++) {
      if (!bits[sector]) continue;
      int at = sector * SECTOR;
      System.arraycopy(blocks[at / blockSize], at % blockSize, contents, at, SECTOR);
    }
    return contents;
  }

  public byte[] bytes() {
    int entries = blocks.length + moreEntries;
    int tableAt = 1536 + gap * SECTOR;
    int bitmapLength = Math.ceilDiv(blockSize / SECTOR / 8, SECTOR) * SECTOR;
    int dataAt = Math.ceilDiv(tableAt + 4 * entries, SECTOR) * SECTOR + gap * SECTOR;
    int held = (int) Arrays.stream(blocks).filter(block -> block != null).count();
    int length = dataAt + held * (bitmapLength + blockSize) + SECTOR;
    ByteBuffer file = ByteBuffer.allocate(length);
    ByteBuffer footer = footer();
    file.put(0, footer, 0, SECTOR).put(length - SECTOR, footer, 0, SECTOR);
    file.put(512, header(tableAt, entries), 0, 1024);
    for (int entry = 0; entry < entries; entry++) file.putInt(tableAt + 4 * entry, -1);
    int at = dataAt;
    for (int block = blocks.length - 1; block >= 0; block--) { // not in their order
      if (blocks[block] == null) continue;
      file.putInt(tableAt + 4 * block, at / SECTOR);
      for (int sector = 0; sector < blockSize / SECTOR; sector++) {
        if (!bits[block * (blockSize / SECTOR) + sector]) continue;
        int place = at + sector / 8;
        file.put(place, (byte) (file.get(place) | 0x80 >>> sector % 8));
      }
      file.put(at + bitmapLength, blocks[block]);
      at += bitmapLength + blockSize;
    }
    return file.array();
  }

  private ByteBuffer footer() {
    ByteBuffer footer = ByteBuffer.allocate(SECTOR);
    footer.put("conectix".getBytes(StandardCharsets.US_ASCII)).putInt(2).putInt(0x10000);
    footer.putLong(512).putInt(0x12345678).put("vbox".getBytes(StandardCharsets.US_ASCII));
    footer.putInt(0x70002).putInt(0).putLong(capacity).putLong(capacity);
    footer.putShort((short) 100).put((byte) 4).put((byte) 17).putInt(type).putInt(0);
    putUuid(footer, id);
    return sealed(footer, 64);
  }

  private ByteBuffer header(long tableAt, int entries) {
    ByteBuffer header = ByteBuffer.allocate(1024);
    header.put("cxsparse".getBytes(StandardCharsets.US_ASCII)).putLong(-1).putLong(tableAt);
    header.putInt(0x10000).putInt(entries).putInt(blockSize).putInt(0);
    if (parent != null) putUuid(header, parent);
    return sealed(header, 36);
  }

  private static void putUuid(ByteBuffer bytes, UUID uuid) {
    long high = uuid.getMostSignificantBits();
    bytes.putInt(Integer.reverseBytes((int) (high >>> 32)));
    bytes.putShort(Short.reverseBytes((short) (high >>> 16)));
    bytes.putShort(Short.reverseBytes((short) high));
    bytes.putLong(uuid.getLeastSignificantBits());
  }

  private static ByteBuffer sealed(ByteBuffer bytes, int checksumAt) {
    bytes.putInt(
        checksumAt, VirtualBoxVhd.checksum(bytes.array(), 0, bytes.capacity(), checksumAt));
    return bytes;
  }
}
