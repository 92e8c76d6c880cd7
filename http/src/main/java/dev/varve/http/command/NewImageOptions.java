package dev.varve.http.command;

import dev.varve.core.medium.MediumId;
import dev.varve.io.vdi.NewImage;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options that describe a new image. */
final class NewImageOptions {

  @Option(
      names = "--fixed",
      description = "Take all space at once, instead of growing as the disk is written.")
  private boolean fixed;

  @Option(
      names = "--block-size",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description =
          "128K to 8M, a power of two (1M, the only size that QEMU reads; for a differencing image that of the parent).")
  private @Nullable Long blockSize;

  @Option(names = "--comment", paramLabel = "TEXT", description = "A comment that the image keeps.")
  private @Nullable String comment;

  @Option(names = "--uuid", description = "The uuid of the image (random).")
  private @Nullable UUID uuid;

  boolean isFixed() {
    return fixed;
  }

  /** Whether something is asked for that a raw file cannot have. */
  boolean anyGiven() {
    return fixed || blockSize != null || comment != null || uuid != null;
  }

  /** Refuses what only a VDI image can have. */
  void checkFor(CommandSpec command, DiskFormat format) {
    if (format != DiskFormat.VDI && (blockSize != null || comment != null))
      throw new ParameterException(
          command.commandLine(),
          "--block-size and --comment are for VDI images, not for %s".formatted(format));
  }

  /** The uuid of the new image. */
  MediumId id() {
    return new MediumId(uuid == null ? UUID.randomUUID() : uuid);
  }

  /** A base of {@code capacity} bytes as the options say. */
  NewImage base(CommandSpec command, long capacity) {
    return apply(
        command,
        () ->
            fixed
                ? NewImage.fixed(capacity, UUID::randomUUID)
                : NewImage.dynamic(capacity, UUID::randomUUID));
  }

  /** {@code begun} changed as the options say; what is impossible is wrong usage of the command. */
  NewImage apply(CommandSpec command, Supplier<NewImage> begun) {
    try {
      NewImage image = begun.get();
      if (blockSize != null) image = image.withBlockSize(Math.toIntExact(blockSize));
      if (comment != null) image = image.withComment(comment);
      if (uuid != null) image = image.withUuid(uuid);
      return image;
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new ParameterException(command.commandLine(), e.getMessage());
    }
  }
}
