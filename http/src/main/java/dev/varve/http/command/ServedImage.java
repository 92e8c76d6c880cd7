package dev.varve.http.command;

import dev.varve.io.file.ImageInUseException;
import java.io.IOException;

/** What a user can do who wants to look into an image that a server of Varve writes to. */
final class ServedImage {

  /** What a command does with an image that it can lock. */
  interface Use {
    void run() throws IOException;
  }

  private ServedImage() {}

  /**
   * Runs a command's work; where an image is open elsewhere, the failure says how a server can be
   * asked instead.
   *
   * @param instead begins "'varve ...'"
   */
  static void use(Use use, String instead) throws IOException {
    try {
      use.run();
    } catch (ImageInUseException e) {
      throw new IOException(e.getMessage() + "; or, if a Varve server has it open, " + instead, e);
    }
  }
}
