package dev.varve.core.medium;

import java.io.IOException;

/**
 * A file has a format that is not read here, and is not taken for a raw disk. The message names the
 * file and the format, and says what a user can do. Immutable.
 */
public final class OtherFormatException extends IOException {
  private static final long serialVersionUID = 1;

  public OtherFormatException(String message) {
    super(message);
  }

  /** The same with one more thing that a user can do. */
  public OtherFormatException or(String order) {
    return new OtherFormatException(getMessage() + "; " + order);
  }
}
