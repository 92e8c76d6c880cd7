package dev.varve.io.vhd;

import dev.varve.core.medium.MediumVariant;
import org.jspecify.annotations.Nullable;

/** The kinds of VHD images. Immutable. */
enum VhdType {
  FIXED(2, MediumVariant.FIXED),
  DYNAMIC(3, MediumVariant.STANDARD),
  DIFFERENCING(4, MediumVariant.DIFFERENCING);

  private final int code;
  private final MediumVariant variant;

  VhdType(int code, MediumVariant variant) {
    this.code = code;
    this.variant = variant;
  }

  /** The number in the footer. */
  int code() {
    return code;
  }

  MediumVariant variant() {
    return variant;
  }

  /** The type with this number; null if there is none. */
  static @Nullable VhdType of(int code) {
    for (VhdType type : values()) if (type.code == code) return type;
    return null;
  }
}
