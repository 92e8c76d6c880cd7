package dev.varve.core.medium;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Hears of a file that cannot hold its id, a raw disk or the extent of an image, when it is
 * complete and has not got its name yet: so it can be told from another file after a crash. Called
 * on the thread that makes the file, which may be made to wait.
 */
public interface Announcement {

  /** Hears and does nothing. */
  Announcement UNHEARD = (_, _) -> {};

  /**
   * The file gets its name when this returns.
   *
   * @param name absolute
   * @throws IOException the file is not wanted: it gets no name
   */
  void before(Path name, FileIdentity file) throws IOException;
}
