package dev.varve.core.settings;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Another program has written or deleted a settings file since it was last read or written here.
 * Immutable.
 */
public final class ChangedOutsideException extends IOException {

  private static final long serialVersionUID = 1;

  private final transient Path file;

  ChangedOutsideException(Path file, String message) {
    super(message);
    this.file = file;
  }

  /** Which one. */
  public Path file() {
    return file;
  }
}
