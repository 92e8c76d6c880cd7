package dev.varve.core.medium;

/** How an image takes its space. Immutable. */
public enum MediumVariant {
  /** Grows with what is written to it. */
  STANDARD("Standard"),
  /** Has all its space from the beginning. */
  FIXED("Fixed"),
  /** Holds only what differs from its parent. */
  DIFFERENCING("Differencing"),
  /** A VMDK that can only be read. */
  STREAM_OPTIMIZED("StreamOptimized");

  private final String text;

  MediumVariant(String text) {
    this.text = text;
  }

  /** The name in JSON and on the command line. */
  public String text() {
    return text;
  }
}
