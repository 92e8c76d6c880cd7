package dev.varve.io.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;

/**
 * A file that is being written and has no name yet; a draft that is closed without a name is gone.
 * Not thread-safe; blocks.
 */
interface Draft extends Closeable {

  /** What will be the file; owned by this object. */
  MappedFile contents();

  /** A path that leads to the file until it has its name. */
  Path place() throws IOException;

  /**
   * Gives it a name that no file has.
   *
   * @throws FileAlreadyExistsException if there is one
   */
  void appear(Path target) throws IOException;

  static FileAlreadyExistsException taken(Path target) {
    return new FileAlreadyExistsException(
        target.toString(), null, "the file exists and is not overwritten; choose another name");
  }

  /** Gives it the name of another file, which then has none. */
  void replace(Path target) throws IOException;
}
