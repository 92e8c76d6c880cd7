package dev.varve.core.medium;

import java.io.IOException;

/**
 * A backward merge failed after it had changed its target. The target shows neither what it did nor
 * what it was to show; what builds on it through the source shows what it did. Doing the merge
 * again mends it. Immutable.
 */
public final class HalfMergedException extends IOException {
  private static final long serialVersionUID = 1;

  /**
   * @param cause why it failed; its message is for people
   */
  public HalfMergedException(IOException cause) {
    super(cause.getMessage(), cause);
  }
}
