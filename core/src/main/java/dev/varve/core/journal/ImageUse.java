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
   * Whether a file is one of the files of an image that any of the saved files names: the image
   * itself, or one in which it keeps a piece of its disk.
   */
  boolean isPartOfUsed(Path file);

  /**
   * The images that a file names as it is now, which another program may have written.
   *
   * @throws IOException if that cannot be known
   */
  Set<Path> named(Path file) throws IOException;
}
