package dev.varve.io.vdi;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.UUID;

/**
 * An image put together byte by byte, without the code under test, so that every field can be
 * wrong. Starts as a small healthy dynamic image of 1.1 with four free blocks of 4 KiB; the map
 * ends at {@link #mapOffset} plus four bytes for each block, the data begins at {@link
 * #dataOffset}.
 */
public final class HandmadeImage {

  public static final UUID UUID_A = UUID.fromString("0a0b0c0d-1a1b-4c1d-8e1f-2a2b2c2d2e2f");
  public static final UUID MODIFY_A = UUID.fromString("11111111-2222-4333-8444-555555555555");

  public int signature = 0xBEDA107F;
  public int version = 0x0001_0001;
  public int headerSize = 400;
  public int type = 1;
  public int flags;
  public String comment = "";
  public int mapOffset = 512;
  public int dataOffset = 4096;
  public long capacity = 4 * 4096;
  public int blockSize = 4096;
  public int blockExtra;
  public int blockCount = 4;
  public int allocated;
  public UUID uuid = UUID_A;
  public UUID modifyUuid = MODIFY_A;
  public UUID parentUuid = new UUID(0, 0);
  public UUID parentModifyUuid = new UUID(0, 0);
  public int sectorSize = 512;

  /** The entries that are written; the header's block count may say otherwise. */
  public int[] map = {BlockEntry.FREE, BlockEntry.FREE, BlockEntry.FREE, BlockEntry.FREE};

  /** The blocks behind {@link #dataOffset}, a byte each: block i is filled with that byte. */
  public byte[] fileBlocks = {};

  /**
   * Sets block count and capacity to {@code entries}, and allocated and the stored blocks to fit.
   */
  public HandmadeImage map(int... entries) {
    map = entries;
    blockCount = entries.length;
    capacity = (long) entries.length * blockSize;
    int[] used = Arrays.stream(entries).filter(BlockEntry::isFileBlock).toArray();
    allocated = used.length;
    fileBlocks = new byte[Arrays.stream(used).max().orElse(-1) + 1];
    for (int i = 0; i < fileBlocks.length; i++) fileBlocks[i] = (byte) ('a' + i);
    return this;
  }

  public HandmadeImage childOf(HandmadeImage parent) {
    type = 4;
    parentUuid = parent.uuid;
    parentModifyUuid = parent.modifyUuid;
    return this;
  }

  public Path write(Path file) {
    try {
      return Files.write(file, bytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public byte[] bytes() {
    return version >>> 16 == 0 ? bytesOf02() : bytesOf1x();
  }

  private byte[] bytesOf1x() {
    long stride = (long) blockSize + blockExtra;
    ByteBuffer file = allocate(dataOffset + Math.toIntExact(fileBlocks.length * stride));
    file.put(0, head(), 0, Math.min(472, mapOffset));
    finish(file, mapOffset, dataOffset, stride);
    return file.array();
  }

  /**
   * The first 472 bytes of a 1.x image as its header alone fills them, however wrong its offsets
   * are.
   */
  byte[] head() {
    ByteBuffer head = allocate(472);
    start(head);
    head.putInt(72, headerSize).putInt(76, type).putInt(80, flags);
    head.put(84, comment.getBytes(StandardCharsets.UTF_8));
    head.putInt(340, mapOffset).putInt(344, dataOffset).putInt(360, 512);
    head.putLong(368, capacity).putInt(376, blockSize).putInt(380, blockExtra);
    head.putInt(384, blockCount).putInt(388, allocated);
    putUuid(head, 392, uuid);
    putUuid(head, 408, modifyUuid);
    putUuid(head, 424, parentUuid);
    putUuid(head, 440, parentModifyUuid);
    head.putInt(468, sectorSize);
    return head.array();
  }

  private byte[] bytesOf02() {
    int data = 420 + 4 * map.length;
    ByteBuffer file = allocate(data + fileBlocks.length * blockSize);
    start(file);
    file.putInt(72, type).putInt(76, flags);
    file.put(80, comment.getBytes(StandardCharsets.UTF_8));
    file.putLong(352, capacity).putInt(360, blockSize);
    file.putInt(364, blockCount).putInt(368, allocated);
    putUuid(file, 372, uuid);
    putUuid(file, 388, modifyUuid);
    putUuid(file, 404, parentUuid);
    finish(file, 420, data, blockSize);
    return file.array();
  }

  private static ByteBuffer allocate(int length) {
    return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
  }

  private void start(ByteBuffer file) {
    file.put(0, "<<< made by hand >>>\n".getBytes(StandardCharsets.US_ASCII));
    file.putInt(64, signature).putInt(68, version);
  }

  private void finish(ByteBuffer file, int mapAt, int dataAt, long stride) {
    for (int i = 0; i < map.length; i++) file.putInt(mapAt + 4 * i, map[i]);
    for (int i = 0; i < fileBlocks.length; i++) {
      int begin = Math.toIntExact(dataAt + i * stride + (stride - blockSize));
      Arrays.fill(file.array(), begin, begin + blockSize, fileBlocks[i]);
    }
  }

  private static void putUuid(ByteBuffer file, int at, UUID uuid) {
    long high = uuid.getMostSignificantBits();
    file.putInt(at, (int) (high >>> 32));
    file.putShort(at + 4, (short) (high >>> 16)).putShort(at + 6, (short) high);
    file.putLong(at + 8, Long.reverseBytes(uuid.getLeastSignificantBits()));
  }
}
