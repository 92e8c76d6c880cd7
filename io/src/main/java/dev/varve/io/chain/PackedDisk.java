package dev.varve.io.chain;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumId;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.NewFile.Existing;
import dev.varve.io.image.KnownFormat;
import dev.varve.io.layer.Layer;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.NewImage;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A hard disk that comes from elsewhere, in a file or a part of one, and is copied into a new
 * image. Not thread-safe; blocks.
 */
public final class PackedDisk implements Closeable {

  /** The unit in which {@link #space} counts: the block of a new VDI image. */
  private static final long BLOCK = 1 << 20;

  private final DiskSource source;

  private PackedDisk(DiskSource source) {
    this.source = source;
  }

  /**
   * Opens a disk whose bytes are those of a file, or a part of one, whatever they are.
   *
   * @param contents owned by the disk from now on, also when this fails
   * @throws IOException if there are none
   */
  public static PackedDisk raw(ImageFile contents) throws IOException {
    if (contents.length() == 0) throw refused(contents, "empty");
    return new PackedDisk(DiskSource.raw(contents));
  }

  /**
   * Opens a disk whose image lies in one file, or a part of one.
   *
   * @param contents owned by the disk from now on, also when this fails
   * @param raw whether contents without a signature are the bytes of a disk
   * @param threads run the reads
   * @throws IOException if it is no disk image, or one of which this file is not all
   */
  public static PackedDisk open(ImageFile contents, boolean raw, StorageThreads threads)
      throws IOException {
    KnownFormat format;
    try {
      format = KnownFormat.of(contents);
    } catch (Throwable e) {
      contents.close();
      throw e;
    }
    if (format == null && raw) return raw(contents);
    Layer layer = layer(contents, format);
    try {
      if (layer.facts().isDifferencing())
        throw new IOException(
            "%s shows a part of a disk only: it builds on another image, which is not in the package; export the machine without its snapshots"
                .formatted(layer.name()));
      return new PackedDisk(
          DiskSource.device(
              new DifferencingChain(List.of(layer), false, threads, UUID::randomUUID)));
    } catch (Throwable e) {
      layer.close();
      throw e;
    }
  }

  private static Layer layer(ImageFile contents, @Nullable KnownFormat format) throws IOException {
    ImageFormat image =
        switch (format) {
          case VDI -> ImageFormat.VDI;
          case VMDK -> ImageFormat.VMDK;
          case VHD -> ImageFormat.VHD;
          case QCOW, QCOW2 -> ImageFormat.QCOW;
          case null -> throw refused(contents, "no disk image");
          default -> throw refused(contents, format.toString());
        };
    return Formats.of(image, Path.of(contents.name())).openReadOnly(contents);
  }

  private static IOException refused(ImageFile contents, String what) throws IOException {
    contents.close();
    return new IOException(
        "%s is %s; the disks of a package are VMDK, VDI, VHD, QCOW2 or raw images, each in one file"
            .formatted(contents.name(), what));
  }

  /**
   * Opens what a chain of images shows.
   *
   * @param threads run the reads
   */
  public static PackedDisk open(ImageChain chain, StorageThreads threads) throws IOException {
    boolean raw = chain.base().isRaw() && chain.images().size() == 1;
    return new PackedDisk(
        raw
            ? DiskSource.raw(chain.files().getFirst())
            : DiskSource.device(DifferencingChain.open(chain, true, threads)));
  }

  /**
   * Opens a disk whose image is a file with a name, and may have more files beside it.
   *
   * @param threads run the reads
   */
  public static PackedDisk open(Path file, ImageFormat format, StorageThreads threads)
      throws IOException {
    return open(new ImageChain(List.of(new Image(file, format, null))), threads);
  }

  /** In bytes. */
  public long capacity() {
    return source.capacity();
  }

  /** How much a new image takes at most, without what it stores beside the data; in bytes. */
  public long space() throws IOException {
    long blocks = 0;
    long capacity = capacity();
    for (long at = source.nextData(0); at < capacity; blocks++)
      at = source.nextData(Math.min(capacity, (at / BLOCK + 1) * BLOCK));
    return blocks * BLOCK;
  }

  /**
   * Copies it into a new image, which appears whole or not at all.
   *
   * @param format of the new image
   * @param announcement hears of a file that holds no id
   * @param progress hears how many bytes of the capacity are done; what it throws ends the copy
   */
  public void copyTo(
      Path target,
      MediumId id,
      ImageFormat format,
      Announcement announcement,
      LongConsumer progress)
      throws IOException {
    var copy = new DiskCopy(source, progress);
    try {
      switch (format) {
        case VDI -> {
          long sectors = Math.ceilDiv(capacity(), 512L) * 512;
          NewImage image = NewImage.dynamic(sectors, UUID::randomUUID).withUuid(id.uuid());
          copy.toVdi(target, image, Existing.REFUSED);
        }
        case RAW -> copy.toRaw(target, Existing.REFUSED, announcement);
        default -> copy.toImage(target, Formats.toMake(format), id, false, announcement);
      }
    } catch (IllegalArgumentException e) {
      throw new IOException("'%s' cannot be made: %s".formatted(target, e.getMessage()), e);
    }
  }

  /**
   * Writes it into a file as a streamOptimized VMDK, from {@code offset} on.
   *
   * @param target lent
   * @param name of the image, which its descriptor holds
   * @param progress hears how many bytes of the capacity are done; what it throws ends the copy
   * @return the length of the image
   */
  public long streamTo(ImageFile target, long offset, String name, UUID id, LongConsumer progress)
      throws IOException {
    try {
      return new DiskCopy(source, progress).streamTo(target, offset, name, id);
    } catch (IllegalArgumentException e) {
      throw new IOException("'%s' cannot be made: %s".formatted(name, e.getMessage()), e);
    }
  }

  @Override
  public void close() throws IOException {
    source.close();
  }
}
