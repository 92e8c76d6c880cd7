package dev.varve.http.doctor;

import java.util.List;

/** Looks at one thing. Each is used by one thread. */
interface Check {

  /** What it looks at, for the case that it does not come to an end. */
  String subject();

  /**
   * Looks, and may block for ever.
   *
   * @throws Exception if it cannot look; the message says why
   */
  List<Finding> look() throws Exception;
}
