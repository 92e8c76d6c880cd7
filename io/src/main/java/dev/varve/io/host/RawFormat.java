package dev.varve.io.host;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.ImageReport;
import dev.varve.core.medium.MediumId;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.NewFile;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerFacts;
import dev.varve.io.layer.LayerFormat;
import dev.varve.io.posix.BlockDeviceFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The raw format: files and block devices whose bytes are the disk's, whatever they contain. They
 * store neither an id nor a parent, so they can only be bases. Immutable; any thread; blocks.
 */
public final class RawFormat implements LayerFormat {

  private static final int SECTOR = 512;

  /** Why a device is not resized, after its name. */
  static final String DEVICE_STAYS =
      " is a device of the host, and as large as the host has made it: resize it there";

  @Override
  public ImageFormat format() {
    return ImageFormat.RAW;
  }

  /** Always false: a raw file has no signature. */
  @Override
  public boolean recognizes(Path file) {
    return false;
  }

  @Override
  public LayerFacts peek(Path file) throws IOException {
    return RawLayer.facts(capacity(file));
  }

  /**
   * The capacity of a raw hard disk in bytes, whatever it contains.
   *
   * @throws IOException if it is empty or does not consist of whole sectors
   */
  public static long capacity(Path file) throws IOException {
    if (BlockDeviceFacts.isBlockDevice(file)) {
      long capacity = BlockDeviceFacts.capacityOf(file);
      requireNotEmpty(file, capacity);
      return capacity;
    }
    long length = Files.size(file);
    requireWholeSectors(file, length);
    return length;
  }

  /** Fails if a hard disk of this length is empty or does not consist of whole sectors. */
  public static void requireWholeSectors(Path file, long length) throws IOException {
    requireNotEmpty(file, length);
    if (length % SECTOR == 0) return;
    throw new IOException(
        "%s has %d bytes, but a raw hard disk consists of whole sectors of %d bytes"
            .formatted(file, length, SECTOR));
  }

  /** Fails if the length is 0. */
  public static void requireNotEmpty(Path file, long length) throws IOException {
    if (length == 0) throw new IOException(file + " is empty: a medium has at least one byte");
  }

  @Override
  public Layer openReadOnly(Path file, boolean grows, SharedFiles files) throws IOException {
    return RawLayer.open(RawMedium.open(file, true));
  }

  @Override
  public Layer openReadOnly(ImageFile file) throws IOException {
    file.close();
    throw new IOException(
        file.name() + " is a raw image: its bytes are the disk's, there is nothing to open");
  }

  @Override
  public Layer openReadWrite(Path file, boolean grows) throws IOException {
    return RawLayer.open(RawMedium.open(file, false));
  }

  @Override
  public void createBase(
      Path file, MediumId id, boolean fixed, long capacity, Announcement announcement)
      throws IOException {
    if (capacity <= 0 || capacity % SECTOR != 0) {
      throw new IllegalArgumentException(
          "capacity %d: a disk has one or more sectors of %d bytes".formatted(capacity, SECTOR));
    }
    try (var made = NewFile.create(file, NewFile.Existing.REFUSED)) {
      if (fixed) made.contents().reserve(0, capacity);
      else made.contents().setLength(capacity);
      made.publish(announcement);
    }
  }

  @Override
  public void createChild(Path file, MediumId id, Path parentFile, LayerFacts parent)
      throws IOException {
    throw holdsNoParent(file);
  }

  @Override
  public void reset(Path file) throws IOException {
    throw holdsNoParent(file);
  }

  @Override
  public void changeParent(Path file, @Nullable LayerFacts parent) throws IOException {
    throw holdsNoParent(file);
  }

  private static IOException holdsNoParent(Path file) {
    return new IOException(file + " is a raw image and cannot have a parent");
  }

  @Override
  public void checkGrowth(Path file, long capacity) throws IOException {
    if (BlockDeviceFacts.isBlockDevice(file)) throw new IOException(file + DEVICE_STAYS);
  }

  @Override
  public boolean holds(Path file, UUID id) {
    return false;
  }

  @Override
  public ImageReport check(Path file, boolean served) throws IOException {
    throw new IOException(file + " is a raw image: only its guest can check the contents");
  }
}
