package dev.varve.io.image;

import dev.varve.core.medium.ImageFormat;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Checks that a new file's name fits its format. Any thread; does not block. */
public final class ImageName {

  private ImageName() {}

  /**
   * The reason why a new file of this format should not have this name, and what to do; null if the
   * name is right.
   */
  public static @Nullable String problem(Path file, ImageFormat format) {
    KnownFormat promised = KnownFormat.named(file);
    boolean raw = format == ImageFormat.RAW;
    String what = raw ? "a raw disk" : "a %s image".formatted(format);
    if (file.getFileName() == null) return "'%s' is a folder; name a file".formatted(file);
    String name = "name it '%s'".formatted(renamed(file, suffix(format)));
    if (promised != null) {
      ImageFormat named = format(promised);
      if (named == format) return null;
      return "'%s' is a name for %s, but the file would be %s; %s%s"
          .formatted(file, promised, what, name, named == null ? "" : orChoose(named));
    }
    if (!raw && KnownFormat.isNamedRaw(file))
      return "'%s' is a name for a raw disk, but the file would be %s; %s, or choose the format raw"
          .formatted(file, what, name);
    return null;
  }

  private static String orChoose(ImageFormat named) {
    return named == ImageFormat.QCOW ? "" : ", or choose the format " + named;
  }

  /** The format that a name promises, if Varve opens images of it; else null. */
  public static @Nullable ImageFormat promised(Path file) {
    KnownFormat named = KnownFormat.named(file);
    if (named != null) return format(named);
    return KnownFormat.isNamedRaw(file) ? ImageFormat.RAW : null;
  }

  private static @Nullable ImageFormat format(KnownFormat known) {
    return switch (known) {
      case VDI -> ImageFormat.VDI;
      case VMDK -> ImageFormat.VMDK;
      case VHD -> ImageFormat.VHD;
      case QCOW, QCOW2 -> ImageFormat.QCOW;
      default -> null;
    };
  }

  private static String suffix(ImageFormat format) {
    return switch (format) {
      case VMDK -> ".vmdk";
      case VHD -> ".vhd";
      case RAW -> ".raw";
      default -> ".vdi";
    };
  }

  private static Path renamed(Path file, String suffix) {
    String name = file.getFileName().toString();
    int dot = name.lastIndexOf('.');
    return file.resolveSibling((dot < 0 ? name : name.substring(0, dot)) + suffix);
  }
}
