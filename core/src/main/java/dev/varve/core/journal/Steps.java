package dev.varve.core.journal;

import java.io.IOException;

/**
 * Hears of every step that changes something on disk; for tests, which can end things there. Called
 * on the thread that makes the change.
 */
public interface Steps {

  /** Hears and does nothing. */
  Steps UNHEARD = _ -> {};

  /**
   * {@code step} comes now.
   *
   * @throws IOException as if the step failed; an {@link Error} instead is the end of the program:
   *     nothing more is done
   */
  void before(String step) throws IOException;
}
