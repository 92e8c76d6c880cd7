package dev.varve.http.doctor;

import java.util.List;

/** Examines one part of the host or the installation. Used by one thread. */
interface Check {

  /** That part, in a word or two: the report names it if the check does not end. */
  String subject();

  /**
   * Examines it, and may block for ever: a file system or a program may not answer.
   *
   * @throws Exception if it cannot be examined; the message says why
   */
  List<Finding> look() throws Exception;
}
