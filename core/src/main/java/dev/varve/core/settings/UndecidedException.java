package dev.varve.core.settings;

import java.io.IOException;

/**
 * The disk failed while a change was being decided, and nobody can tell whether it was, until the
 * folder is opened again. Whoever gets this must go on neither as before nor as after the change.
 */
public final class UndecidedException extends IOException {
  private static final long serialVersionUID = 1;

  public UndecidedException(IOException cause) {
    super(
        "the disk failed while a change was being decided (%s); start Varve again, which finds out whether it was"
            .formatted(cause.getMessage()),
        cause);
  }
}
