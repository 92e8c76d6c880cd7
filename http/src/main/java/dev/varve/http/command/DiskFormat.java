package dev.varve.http.command;

import dev.varve.io.vdi.VdiHeader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How a file holds a disk. */
enum DiskFormat {
  /** Its bytes are the disk's. */
  RAW,
  VDI;

  /** What a file is that exists: its contents tell, and a damaged image its name. */
  static DiskFormat of(Path file) throws IOException {
    return named(file) == VDI || VdiHeader.hasSignature(file) ? VDI : RAW;
  }

  /** What a name promises. */
  static @Nullable DiskFormat named(Path file) {
    String name = file.toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".vdi")) return VDI;
    return name.endsWith(".raw") || name.endsWith(".img") ? RAW : null;
  }
}
