package dev.varve.io.vhd;

import static dev.varve.io.vhd.VhdFields.SECTOR;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.io.file.ImageFile;
import java.io.IOException;

/**
 * Enlarges the disk in a fixed image; the added part reads as zeroes. Stateless; blocks.
 *
 * <p>The footer with the old size is durable at the new end before the old one, which becomes a
 * part of the disk, is zeroed; only then the size changes. A crash leaves the disk with its old or
 * its new size.
 */
final class FixedGrowth {

  private FixedGrowth() {}

  /**
   * Makes the disk as large as {@code capacity}; durable when it returns. Does nothing if it has
   * that size already.
   *
   * @param file open for writing, and used by nothing else
   */
  static void grow(ImageFile file, VhdHead head, long capacity) throws IOException {
    if (capacity <= head.capacity()) return;
    WritingRules.checkGrowth(head, capacity);
    long footerAt = head.footerAt();
    if (capacity > footerAt) {
      long moved = Math.max(capacity, footerAt + SECTOR);
      moveFooter(file, head, moved);
      footerAt = moved;
    }
    file.zero(head.capacity(), capacity - head.capacity());
    file.sync();
    file.write(footerAt, head.footer().withCapacity(capacity).bytes());
    file.sync();
  }

  private static void moveFooter(ImageFile file, VhdHead head, long to) throws IOException {
    try {
      file.write(to, head.footer().bytes());
      file.reserve(head.footerAt(), to - head.footerAt());
      file.sync();
    } catch (OutOfSpaceException e) {
      file.setLength(head.footerAt() + SECTOR);
      throw e;
    }
  }
}
