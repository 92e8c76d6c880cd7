package dev.varve.io.vdi;

import org.jspecify.annotations.Nullable;

/** What kind of image a VDI file holds. Immutable. */
public enum ImageType {
  /** Grows as blocks are written. */
  DYNAMIC(1),
  /** Has a place for every block from the start. */
  FIXED(2),
  /** Reserved by the format; no known tool makes one. Treated as {@link #DYNAMIC}. */
  UNDO(3),
  /** Holds what differs from a parent; a block that it does not hold is the parent's. */
  DIFFERENCING(4);

  private final int code;

  ImageType(int code) {
    this.code = code;
  }

  /** The number that stands for it in the header. */
  int code() {
    return code;
  }

  static @Nullable ImageType of(int code) {
    return code < 1 || code > 4 ? null : values()[code - 1];
  }
}
