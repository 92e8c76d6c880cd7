package dev.varve.http.command;

import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumVariant;
import dev.varve.http.access.NewDisks;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options for what new disks of machines are, if a request or a command does not say. */
final class NewDiskOptions {

  @Option(
      names = "--default-format",
      paramLabel = "vdi|vmdk|vhd|raw",
      description = "The format of a new image, if the one who makes it names none (vdi).")
  private @Nullable Format format;

  @Option(
      names = "--default-variant",
      paramLabel = "standard|fixed",
      description =
          "Whether a new image grows as it is written, or has all its space from the beginning (standard).")
  private @Nullable Growth growth;

  @Option(
      names = "--default-discard",
      paramLabel = "on|off",
      description =
          "Whether the guest of a machine that gets a hard disk may discard, so that the image shrinks (off).")
  private @Nullable Switch discard;

  @Option(
      names = "--default-non-rotational",
      paramLabel = "on|off",
      description =
          "Whether a machine that gets a hard disk sees one without moving parts, an SSD (off).")
  private @Nullable Switch nonRotational;

  /** Those of which images can be made. */
  enum Format {
    VDI,
    VMDK,
    VHD,
    RAW
  }

  /** How an image gets its space. */
  enum Growth {
    STANDARD,
    FIXED
  }

  boolean areGiven() {
    return format != null || growth != null || discard != null || nonRotational != null;
  }

  NewDisks disks() {
    NewDisks usual = NewDisks.USUAL;
    return new NewDisks(
        format == null ? usual.format() : ImageFormat.of(format.name()),
        growth == Growth.FIXED ? MediumVariant.FIXED : MediumVariant.STANDARD,
        nonRotational == Switch.ON,
        discard == Switch.ON);
  }
}
