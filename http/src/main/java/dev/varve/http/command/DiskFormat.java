package dev.varve.http.command;

import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ImageFormat;
import dev.varve.io.image.KnownFormat;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** How a file holds a disk. */
enum DiskFormat {
  /** Its bytes are the disk's. */
  RAW(ImageFormat.RAW),
  VDI(ImageFormat.VDI);

  private final ImageFormat image;

  DiskFormat(ImageFormat image) {
    this.image = image;
  }

  /** The same as the model calls it. */
  ImageFormat image() {
    return image;
  }

  /**
   * The format of an existing file: detected from its contents, and for a damaged image from its
   * name.
   *
   * @throws dev.varve.core.medium.OtherFormatException if it is neither
   */
  static DiskFormat of(Path file) throws IOException {
    if (KnownFormat.of(file) == KnownFormat.VDI) return VDI;
    KnownFormat.requireRaw(file, DeviceType.HARD_DISK);
    return RAW;
  }

  /** What a name promises. */
  static @Nullable DiskFormat named(Path file) {
    if (KnownFormat.named(file) == KnownFormat.VDI) return VDI;
    return KnownFormat.isNamedRaw(file) ? RAW : null;
  }
}
