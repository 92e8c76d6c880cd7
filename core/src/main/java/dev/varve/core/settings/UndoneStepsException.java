package dev.varve.core.settings;

import java.io.IOException;

/**
 * A change is decided, and happens, but something of it could not be done yet. It is tried again
 * before the next change, and when the folder is opened. Whoever gets this goes on from the state
 * after the change: it must not be rolled back.
 */
public final class UndoneStepsException extends IOException {
  private static final long serialVersionUID = 1;

  UndoneStepsException(String message, Throwable cause) {
    super(message, cause);
  }
}
