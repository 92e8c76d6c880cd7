package dev.varve.core.settings;

import dev.varve.core.device.FailureWords;
import java.io.IOException;

/**
 * The disk failed while a change was being decided, and nobody can tell yet whether it was. Whoever
 * gets this must go on neither as before nor as after the change. The model goes on as before it:
 * the change is taken back as soon as the disk works again.
 */
public final class UndecidedException extends IOException {
  private static final long serialVersionUID = 1;

  private final String why;

  public UndecidedException(IOException cause) {
    super(
        "the disk failed while a change was being decided (%s); Varve takes the change back as soon as the disk works again"
            .formatted(FailureWords.of(cause)),
        cause);
    this.why = FailureWords.of(cause);
  }

  /** How the disk failed. */
  String why() {
    return why;
  }
}
