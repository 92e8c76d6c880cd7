package dev.varve.core.device;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/**
 * The host's file system is full (or a quota is reached). Writes can succeed again once there is
 * space. Immutable.
 */
public final class OutOfSpaceException extends IOException {
  private static final long serialVersionUID = 1;

  /** The whole message of the JDK when there is no space. */
  private static final String NO_SPACE = "No space left on device";

  public OutOfSpaceException(String message) {
    super(message);
  }

  /**
   * Names the file and the way out if a file was not written for want of space; else the failure.
   */
  public static IOException ifFull(Path file, IOException failure) {
    String why = failure instanceof FileSystemException f ? f.getReason() : failure.getMessage();
    return NO_SPACE.equals(why)
        ? new OutOfSpaceException(
            "%s cannot be written: there is no space left, or no room for one more file; free some there, then try again"
                .formatted(file))
        : failure;
  }
}
