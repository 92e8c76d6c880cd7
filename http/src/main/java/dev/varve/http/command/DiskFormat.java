package dev.varve.http.command;

import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ImageFormat;
import dev.varve.io.chain.Formats;
import dev.varve.io.image.ImageName;
import dev.varve.io.image.KnownFormat;
import dev.varve.io.layer.LayerFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How a file holds a disk. */
enum DiskFormat {
  /** Its bytes are the disk's. */
  RAW(ImageFormat.RAW),
  VDI(ImageFormat.VDI),
  VMDK(ImageFormat.VMDK),
  VHD(ImageFormat.VHD),
  /** QCOW and QCOW2, which can only be read. */
  QCOW(ImageFormat.QCOW);

  /** The formats of new files, as command lines name them. */
  static final String NEW = "raw|vdi|vmdk|vhd";

  /** The formats of existing files. */
  static final String ALL = NEW + "|qcow";

  private final ImageFormat image;

  DiskFormat(ImageFormat image) {
    this.image = image;
  }

  /** The same as the model calls it. */
  ImageFormat image() {
    return image;
  }

  /** The name on the command line, and in JSON. */
  String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  static @Nullable DiskFormat of(@Nullable ImageFormat image) {
    for (DiskFormat format : values()) if (format.image == image) return format;
    return null;
  }

  /**
   * The format of an existing file: detected from its contents, and for a damaged VDI image from
   * its name.
   *
   * @throws dev.varve.core.medium.OtherFormatException if it has another
   */
  static DiskFormat of(Path file) throws IOException {
    LayerFormat recognized = Formats.recognized(file);
    DiskFormat format = recognized == null ? null : of(recognized.format());
    if (format != null) return format;
    if (KnownFormat.of(file) == KnownFormat.VDI) return VDI;
    KnownFormat.requireRaw(file, DeviceType.HARD_DISK);
    return RAW;
  }

  /** What a name promises. */
  static @Nullable DiskFormat named(Path file) {
    return of(ImageName.promised(file));
  }
}
