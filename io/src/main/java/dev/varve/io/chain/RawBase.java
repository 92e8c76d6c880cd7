package dev.varve.io.chain;

import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFormat;
import dev.varve.io.host.RawFormat;
import dev.varve.io.image.KnownFormat;
import dev.varve.io.posix.BlockDeviceFacts;
import dev.varve.io.vdi.VdiHeader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Decides whether a file that is not registered is a raw hard disk. Stateless; any thread; blocks.
 */
final class RawBase {

  private RawBase() {}

  /**
   * These images as a chain, each of the format whose signature it has. The base is raw if there
   * are several images and the first is a device, or a file without a signature.
   *
   * @param paths base first
   * @throws IOException if the base is an image of another format
   */
  static ImageChain found(List<Path> paths) throws IOException {
    List<Image> images = new ArrayList<>();
    for (Path path : paths) {
      boolean raw = images.isEmpty() && seemsBelow(paths);
      images.add(new Image(path, raw ? ImageFormat.RAW : Formats.ofImage(path).format(), null));
    }
    return new ImageChain(images);
  }

  /**
   * The same on a base whose format is known.
   *
   * @param paths base first
   */
  static ImageChain found(ImageFormat base, List<Path> paths) throws IOException {
    List<Image> images = new ArrayList<>();
    for (Path path : paths)
      images.add(new Image(path, images.isEmpty() ? base : Formats.ofImage(path).format(), null));
    return new ImageChain(images);
  }

  private static boolean seemsBelow(List<Path> paths) throws IOException {
    Path base = paths.getFirst();
    if (paths.size() == 1 || !Files.exists(base)) return false;
    if (BlockDeviceFacts.isBlockDevice(base)) return true;
    if (Formats.recognized(base) != null) return false;
    requireHardDisk(base);
    return true;
  }

  /**
   * Fails for a file that is not a raw hard disk.
   *
   * @throws dev.varve.core.medium.OtherFormatException if it has another format
   */
  static void requireHardDisk(Path path) throws IOException {
    if (KnownFormat.of(path) == KnownFormat.VDI) VdiHeader.peek(path); // says what is damaged
    KnownFormat.requireRaw(path, DeviceType.HARD_DISK);
    RawFormat.requireWholeSectors(path, Files.size(path));
  }
}
