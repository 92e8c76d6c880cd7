package dev.varve.io.vhost;

import dev.varve.core.device.Export;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What the driver of a guest is told of a disk (virtio 1.2, sections 5.2.3 and 5.2.4): features,
 * and the fields of the configuration space. Immutable.
 *
 * @param sectors the capacity
 * @param blockSize where the disk allocates space, in bytes
 * @param queues how many there may be
 */
record BlockConfig(long sectors, boolean readOnly, boolean discard, int blockSize, int queues) {

  static final int SECTOR = 512;

  /** Bytes of the configuration space. */
  static final int LENGTH = 60;

  /** Where the driver chooses between write-back and write-through. */
  static final int WRITEBACK = 32;

  /** Longest range of one discard or zeroing, in sectors: 2 GiB. */
  static final int MOST_SECTORS = 1 << 22;

  /** Ranges in one discard or zeroing. */
  static final int MOST_RANGES = 64;

  /** Buffers of data in one request: with header and status they fit into a ring of 128. */
  private static final int MOST_SEGMENTS = 126;

  private static final int PHYSICAL_BLOCK = 4096;

  /** {@code VIRTIO_BLK_F_...}. */
  private static final long SEG_MAX = 1L << 2;

  private static final long RO = 1L << 5;
  private static final long BLK_SIZE = 1L << 6;
  private static final long FLUSH = 1L << 9;
  private static final long TOPOLOGY = 1L << 10;
  private static final long CONFIG_WCE = 1L << 11;
  private static final long MQ = 1L << 12;
  private static final long DISCARD = 1L << 13;
  private static final long WRITE_ZEROES = 1L << 14;

  /** The disk of an export, as it is now. */
  static BlockConfig of(Export export, int queues) {
    return new BlockConfig(
        export.device().capacity() / SECTOR,
        export.readOnly(),
        export.discard(),
        export.device().blockSize(),
        queues);
  }

  /** {@code VIRTIO_BLK_F_...} that the device has. */
  long features() {
    long features = SEG_MAX | BLK_SIZE | FLUSH | TOPOLOGY | CONFIG_WCE | MQ;
    if (readOnly) return features | RO;
    return features | WRITE_ZEROES | (discard ? DISCARD : 0);
  }

  /** Whether a device with these features keeps writes until a flush. */
  static boolean writesBack(long features) {
    return (features & (FLUSH | CONFIG_WCE)) != 0;
  }

  /**
   * The configuration space.
   *
   * @param writeback the driver's choice
   */
  byte[] bytes(boolean writeback) {
    ByteBuffer space = ByteBuffer.allocate(LENGTH).order(ByteOrder.LITTLE_ENDIAN);
    space.putLong(0, sectors);
    space.putInt(12, MOST_SEGMENTS);
    space.putInt(20, SECTOR);
    space.put(24, (byte) Integer.numberOfTrailingZeros(PHYSICAL_BLOCK / SECTOR));
    space.putShort(26, (short) (PHYSICAL_BLOCK / SECTOR));
    space.putInt(28, Math.max(blockSize, PHYSICAL_BLOCK) / SECTOR);
    space.put(WRITEBACK, (byte) (writeback ? 1 : 0));
    space.putShort(34, (short) queues);
    if (readOnly) return space.array();
    space.putInt(36, discard ? MOST_SECTORS : 0);
    space.putInt(40, discard ? MOST_RANGES : 0);
    space.putInt(44, Math.max(blockSize, SECTOR) / SECTOR);
    space.putInt(48, MOST_SECTORS);
    space.putInt(52, MOST_RANGES);
    space.put(56, (byte) (discard ? 1 : 0));
    return space.array();
  }
}
