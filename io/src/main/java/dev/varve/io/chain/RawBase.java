package dev.varve.io.chain;

import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFormat;
import dev.varve.io.host.RawMedium;
import dev.varve.io.posix.BlockDeviceFacts;
import dev.varve.io.vdi.ImageType;
import dev.varve.io.vdi.NewImage;
import dev.varve.io.vdi.VdiHeader;
import dev.varve.io.vdi.VdiImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/**
 * A raw file or block device below differencing images. It says nothing of itself: its child says
 * what it is called. It is only read while something lies above it, unless that is merged into it;
 * whoever changes it otherwise changes what all images above it show, as with any base.
 */
final class RawBase {

  private RawBase() {}

  /** These images as a chain, on a raw base if there {@link #seemsBelow seems} to be one. */
  static ImageChain found(List<Path> paths) throws IOException {
    return ImageChain.of(seemsBelow(paths) ? ImageFormat.RAW : ImageFormat.VDI, paths);
  }

  /**
   * Whether the first of these images seems to be one: a device, or a file that is no VDI image; a
   * chain of a single image is none. Only for files of which nobody has remembered what they are.
   *
   * @param paths base first
   * @throws IOException if it is an image of another kind
   */
  private static boolean seemsBelow(List<Path> paths) throws IOException {
    Path base = paths.getFirst();
    if (paths.size() == 1 || !Files.exists(base)) return false;
    if (BlockDeviceFacts.isBlockDevice(base)) return true;
    if (VdiHeader.hasSignature(base)) return false;
    RawFiles.requireHardDisk(base, Files.size(base));
    return true;
  }

  /** In bytes, whatever is in it; refuses what no guest can have made so. */
  static long capacity(Path path) throws IOException {
    if (BlockDeviceFacts.isBlockDevice(path)) {
      long capacity = BlockDeviceFacts.capacityOf(path);
      RawFiles.requireNotEmpty(path, capacity);
      return capacity;
    }
    long length = Files.size(path);
    RawFiles.requireWholeSectors(path, length);
    return length;
  }

  /**
   * What the base of these images would say of itself.
   *
   * @throws ChainException if it is smaller than its child: then it is not what that was made on
   */
  static VdiHeader header(List<Path> paths) throws IOException {
    Path base = paths.getFirst();
    Path above = paths.get(1);
    return header(base, capacity(base), above, VdiHeader.peek(above));
  }

  private static VdiHeader header(Path base, long capacity, Path above, VdiHeader child)
      throws ChainException {
    if (child.type() != ImageType.DIFFERENCING || child.parentUuid().equals(VdiHeader.NO_UUID)) {
      throw new ChainException(
          "%s has no parent and cannot lie above the raw image %s; name the images of one chain, base first"
              .formatted(above, base));
    }
    if (capacity < child.capacity()) {
      throw new ChainException(
          "the raw image %s has %d bytes, and %s was made on one of %d: it was cut, or is another"
              .formatted(base, capacity, above, child.capacity()));
    }
    return VdiHeader.ofRaw(capacity, child.blockSize(), child.parentUuid());
  }

  /** A medium on which nothing lies; its first child will say what it is called. */
  static VdiImage alone(RawMedium raw) {
    UUID nameless = UUID.randomUUID();
    return VdiImage.ofRaw(
        raw.file(), VdiHeader.ofRaw(raw.capacity(), NewImage.DEFAULT_BLOCK_SIZE, nameless));
  }

  /** A medium that was alone, below its first child. */
  static VdiImage below(Path path, VdiImage raw, Path above, VdiHeader child)
      throws ChainException {
    return VdiImage.ofRaw(raw.file(), header(path, raw.capacity(), above, child));
  }

  /** Opens the base of these images. */
  static VdiImage open(List<Path> paths, boolean write) throws IOException {
    VdiHeader header = header(paths);
    return VdiImage.ofRaw(RawMedium.openFile(paths.getFirst(), !write), header);
  }
}
