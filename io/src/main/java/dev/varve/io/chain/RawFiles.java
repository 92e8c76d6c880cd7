package dev.varve.io.chain;

import dev.varve.io.file.NewFile;
import dev.varve.io.vdi.VdiHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Locale;

/** Files whose bytes are the disk's. They say nothing of themselves, so this looks for signs. */
final class RawFiles {

  private static final int SECTOR = 512;

  /**
   * What other formats begin with, or end with in their last sector, and an ISO file has inside.
   */
  private enum Sign {
    QCOW("a QCOW image", 0, "QFI\u00FB"),
    VMDK("a VMDK image", 0, "KDMV"),
    VMDK_TEXT("a VMDK descriptor", 0, "# Disk DescriptorFile"),
    VHDX("a VHDX image", 0, "vhdxfile"),
    VHD("a VHD image", -SECTOR, "conectix"),
    ISO("a DVD image", 0x8001, "CD001");

    private final String what;
    private final long offset;
    private final byte[] bytes;

    Sign(String what, long offset, String text) {
      this.what = what;
      this.offset = offset;
      this.bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    }

    boolean isIn(FileChannel file) throws IOException {
      long at = offset < 0 ? file.size() + offset : offset;
      if (at < 0) return false;
      ByteBuffer found = ByteBuffer.allocate(bytes.length);
      while (found.hasRemaining() && file.read(found, at + found.position()) > 0) {}
      return Arrays.equals(found.array(), bytes);
    }
  }

  private RawFiles() {}

  /** Refuses a file that is no raw hard disk. */
  static void requireHardDisk(Path path, long length) throws IOException {
    if (path.toString().toLowerCase(Locale.ROOT).endsWith(".vdi")) VdiHeader.peek(path); // says why
    requireWholeSectors(path, length);
    try (var file = FileChannel.open(path, StandardOpenOption.READ)) {
      for (Sign sign : Sign.values()) {
        if (!sign.isIn(file)) continue;
        throw new IOException(
            sign == Sign.ISO
                ? path + " is a DVD image and cannot be a hard disk: attach it as a DVD"
                : path
                    + " is "
                    + sign.what
                    + ": hard disks are VDI images or raw files; convert it");
      }
    }
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
  static void create(Path path, long capacity, boolean reserved) throws IOException {
    if (capacity <= 0 || capacity % SECTOR != 0) {
      throw new IllegalArgumentException(
          "capacity %d: a disk has one or more sectors of %d bytes".formatted(capacity, SECTOR));
    }
    try (var file = NewFile.create(path, NewFile.Existing.REFUSED)) {
      if (reserved) file.contents().reserve(0, capacity);
      else file.contents().setLength(capacity);
      file.publish();
    }
  }
}
