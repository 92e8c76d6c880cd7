package dev.varve.http.command;

import dev.varve.io.file.ImageInUseException;
import java.io.IOException;

/** Advice for a user whose image is open in a server of Varve. */
final class ServedImage {

  /** The work of a command on an image that it can lock. */
  interface Use {
    void run() throws IOException;
  }

  private ServedImage() {}

  /**
   * Runs a command's work; if an image is open elsewhere, the failure says which command asks the
   * server instead.
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
