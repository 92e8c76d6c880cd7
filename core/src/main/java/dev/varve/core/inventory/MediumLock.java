package dev.varve.core.inventory;

import dev.varve.core.medium.MediumId;

/**
 * One hold on a medium. A medium has any number of holds for reading, or one for writing.
 *
 * @param token names the holds that are released together
 * @param holder for people: {@code machine 'mail'}
 */
record MediumLock(String token, MediumId medium, boolean write, Kind kind, String holder) {

  /** On whose behalf. */
  enum Kind {
    /** Somebody asked for it by name. */
    CALLER,
    /** A machine runs. */
    MACHINE,
    /** A job reads or changes the file. */
    JOB
  }
}
