package dev.varve.core.medium;

import java.io.IOException;

/**
 * Hears of a file that cannot hold its id, when it is complete and has not got its name yet: so it
 * can be told from another file after a crash. Called on the thread that makes the file, which may
 * be made to wait.
 */
public interface Announcement {

  /** Hears and does nothing. */
  Announcement UNHEARD = _ -> {};

  /**
   * The file gets its name when this returns.
   *
   * @throws IOException the file is not wanted: it gets no name
   */
  void before(FileIdentity file) throws IOException;
}
