package dev.varve.http.bundle;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Asks a server one thing after another, until one has no answer: each of the others would take as
 * long. Any thread; blocks as the questions do.
 */
final class Questions {

  /** Stays false while a question has no answer. */
  private final AtomicBoolean answered = new AtomicBoolean(true);

  /**
   * @throws IOException also if a question before it has had no answer
   */
  String ask(Part.Source question) throws Exception {
    if (!answered.compareAndSet(true, false))
      throw new IOException("not asked for, since the server has not answered before");
    boolean silent = false;
    try {
      return question.text();
    } catch (SilentServerException e) {
      silent = true;
      throw e;
    } finally {
      answered.set(!silent);
    }
  }
}
