package dev.varve.core.journal;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;

/**
 * Tells the journal which image files are in use, since it cannot read what it saves. Called by the
 * thread that changes; may block.
 */
public interface ImageUse {

  /** Whether a file is an image that any of the saved files names. */
  boolean isUsed(Path image);

  /**
   * The images that a file names as it is now, which another program may have written.
   *
   * @throws IOException if that cannot be known
   */
  Set<Path> named(Path file) throws IOException;
}
