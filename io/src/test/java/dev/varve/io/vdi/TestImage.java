package dev.varve.io.vdi;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/**
 * Writes empty images of any legal shape, also those that no tool creates, byte by byte as VDI.md
 * section 1 says.
 */
public final class TestImage {

  private final long capacity;
  private int blockSize = 1 << 20;
  private int extra;
  private int mapOffset = 512;
  private int dataOffset;
  private UUID uuid = UUID.randomUUID();
  private UUID parent = new UUID(0, 0);

  private TestImage(long capacity) {
    this.capacity = capacity;
  }

  public static TestImage of(long capacity) {
    return new TestImage(capacity);
  }

  public TestImage blockSize(int bytes) {
    blockSize = bytes;
    return this;
  }

  public TestImage extra(int bytes) {
    extra = bytes;
    return this;
  }

  public TestImage mapOffset(int bytes) {
    mapOffset = bytes;
    return this;
  }

  public TestImage dataOffset(int bytes) {
    dataOffset = bytes;
    return this;
  }

  public TestImage uuid(UUID value) {
    uuid = value;
    return this;
  }

  public TestImage parent(UUID value) {
    parent = value;
    return this;
  }

  /** The bytes of the file: header and map, and nothing behind them. */
  public byte[] bytes() {
    int blocks = Math.toIntExact(Math.ceilDiv(capacity, blockSize));
    int mapEnd = mapOffset + 4 * blocks;
    int data = dataOffset != 0 ? dataOffset : Math.ceilDiv(mapEnd, 4096) * 4096;
    ByteBuffer file = ByteBuffer.allocate(data).order(ByteOrder.LITTLE_ENDIAN);
    file.put("<<< Test Disk Image >>>\n".getBytes(StandardCharsets.US_ASCII));
    file.putInt(64, 0xBEDA107F).putInt(68, 0x00010001).putInt(72, 400);
    file.putInt(76, parent.equals(new UUID(0, 0)) ? 1 : 4);
    file.putInt(340, mapOffset).putInt(344, data).putInt(360, 512).putLong(368, capacity);
    file.putInt(376, blockSize).putInt(380, extra).putInt(384, blocks);
    putUuid(file, 392, uuid);
    putUuid(file, 408, UUID.nameUUIDFromBytes(new byte[] {1}));
    putUuid(file, 424, parent);
    file.putInt(468, 512);
    for (int i = 0; i < blocks; i++) file.putInt(mapOffset + 4 * i, -1);
    return file.array();
  }

  public Path write(Path path) throws IOException {
    return Files.write(path, bytes());
  }

  private static void putUuid(ByteBuffer file, int at, UUID uuid) {
    long high = uuid.getMostSignificantBits();
    file.putInt(at, (int) (high >>> 32))
        .putShort(at + 4, (short) (high >>> 16))
        .putShort(at + 6, (short) high);
    file.duplicate().order(ByteOrder.BIG_ENDIAN).putLong(at + 8, uuid.getLeastSignificantBits());
  }
}
