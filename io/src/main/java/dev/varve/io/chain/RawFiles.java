package dev.varve.io.chain;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.DeviceType;
import dev.varve.io.file.NewFile;
import dev.varve.io.image.KnownFormat;
import dev.varve.io.vdi.VdiHeader;
import java.io.IOException;
import java.nio.file.Path;

/** Files whose bytes are the disk's. */
final class RawFiles {

  private static final int SECTOR = 512;

  private RawFiles() {}

  /**
   * Refuses a file that is no raw hard disk.
   *
   * @throws dev.varve.core.medium.OtherFormatException if it has another format
   */
  static void requireHardDisk(Path path, long length) throws IOException {
    if (KnownFormat.of(path) == KnownFormat.VDI) VdiHeader.peek(path); // says what is damaged
    KnownFormat.requireRaw(path, DeviceType.HARD_DISK);
    requireWholeSectors(path, length);
  }

  static void requireWholeSectors(Path path, long length) throws IOException {
    requireNotEmpty(path, length);
    if (length % SECTOR == 0) return;
    throw new IOException(
        "%s has %d bytes: a raw hard disk has whole sectors of %d bytes"
            .formatted(path, length, SECTOR));
  }

  static void requireNotEmpty(Path path, long length) throws IOException {
    if (length == 0) throw new IOException(path + " is empty: a medium has at least one byte");
  }

  /** Makes a file that reads as zeroes; {@code reserved}: with all its space. */
  static void create(Path path, long capacity, boolean reserved, Announcement announcement)
      throws IOException {
    if (capacity <= 0 || capacity % SECTOR != 0) {
      throw new IllegalArgumentException(
          "capacity %d: a disk has one or more sectors of %d bytes".formatted(capacity, SECTOR));
    }
    try (var file = NewFile.create(path, NewFile.Existing.REFUSED)) {
      if (reserved) file.contents().reserve(0, capacity);
      else file.contents().setLength(capacity);
      file.publish(announcement);
    }
  }
}
