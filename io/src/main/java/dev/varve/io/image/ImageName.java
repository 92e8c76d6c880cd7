package dev.varve.io.image;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Checks that a new file's name fits its format. Any thread; does not block. */
public final class ImageName {

  private ImageName() {}

  /**
   * The reason why a new VDI image or raw disk should not have this name, and what to do; null if
   * the name is right.
   *
   * @param raw whether it will be a raw disk
   */
  public static @Nullable String problem(Path file, boolean raw) {
    KnownFormat promised = KnownFormat.named(file);
    if (promised == KnownFormat.VDI)
      return raw
          ? "'%s' is a name for a VDI image, but the file would be a raw disk; name it '%s', or choose the format VDI"
              .formatted(file, renamed(file, ".raw"))
          : null;
    if (promised != null)
      return "'%s' is a name for %s, but the file would be %s; name it '%s'"
          .formatted(
              file,
              promised,
              raw ? "a raw disk" : "a VDI image",
              renamed(file, raw ? ".raw" : ".vdi"));
    if (!raw && KnownFormat.isNamedRaw(file))
      return "'%s' is a name for a raw disk, but the file would be a VDI image; name it '%s', or choose the format raw"
          .formatted(file, renamed(file, ".vdi"));
    return null;
  }

  private static Path renamed(Path file, String suffix) {
    String name = file.getFileName().toString();
    return file.resolveSibling(name.substring(0, name.lastIndexOf('.')) + suffix);
  }
}
