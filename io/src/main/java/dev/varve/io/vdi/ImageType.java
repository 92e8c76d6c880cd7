package dev.varve.io.vdi;

import org.jspecify.annotations.Nullable;

/** What kind of image a VDI file holds. Immutable. */
public enum ImageType {
  /** Grows as blocks are written. */
  DYNAMIC(1),
  /** Has a file block for every block from the start. */
  FIXED(2),
  /** Reserved by the format, and made by no known tool. Treated as {@link #DYNAMIC}. */
  UNDO(3),
  /** Holds the blocks that differ from its parent; the other blocks are the parent's. */
  DIFFERENCING(4);

  private final int code;

  ImageType(int code) {
    this.code = code;
  }

  /** The number of the type in the header. */
  int code() {
    return code;
  }

  static @Nullable ImageType of(int code) {
    return code < 1 || code > 4 ? null : values()[code - 1];
  }
}
