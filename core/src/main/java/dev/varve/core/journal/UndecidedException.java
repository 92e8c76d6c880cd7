package dev.varve.core.journal;

import dev.varve.core.device.FailureWords;
import java.io.IOException;

/**
 * The disk failed while a change was being decided, and it is unknown whether the decision reached
 * it. The caller must continue neither as before nor as after the change. The model continues as
 * before: the change is taken back as soon as the disk works again. Immutable.
 */
public final class UndecidedException extends IOException {
  private static final long serialVersionUID = 1;

  private final String why;

  public UndecidedException(IOException cause) {
    super(
        "writing the change failed (%s), and it is unknown whether it took effect; Varve takes it back as soon as the disk works again"
            .formatted(FailureWords.of(cause)),
        cause);
    this.why = FailureWords.of(cause);
  }

  /** How the disk failed. */
  String why() {
    return why;
  }
}
