package dev.varve.io.layer;

import dev.varve.io.file.ImageFile;
import java.io.IOException;

/** The failure for an image that another program has written to. Stateless; any thread. */
public final class ForeignChange {

  private ForeignChange() {}

  /**
   * Makes the failure, and stops this program from writing to the file.
   *
   * @param what the part that has changed, as "its header"
   */
  public static IOException found(ImageFile file, String what) {
    var why =
        new IOException(
            file.name()
                + ": another process has written to "
                + what
                + " while the image is open here; it may be VirtualBox, which takes no locks. Varve"
                + " writes no more to this image. Stop both programs, then run 'varve image"
                + " check'");
    file.refuseChanges(why);
    return why;
  }
}
