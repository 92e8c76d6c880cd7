package dev.varve.io.file;

import dev.varve.io.posix.Posix;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Whether another program uses an image. Any thread; blocks. */
public final class ImageUsers {

  private ImageUsers() {}

  /**
   * Why a writer could not open an image now; null if nothing excludes one. Takes no lock, and
   * writes nothing.
   *
   * @throws IOException if the file cannot be read
   */
  public static @Nullable String excludingWriter(Path image) throws IOException {
    int fd = Posix.open(image, Posix.O_RDONLY | Posix.O_NONBLOCK | Posix.O_CLOEXEC, 0);
    try {
      ImageLock.lookAround(fd, image, true);
      return null;
    } catch (ImageInUseException e) {
      return e.getMessage();
    } finally {
      Posix.close(fd);
    }
  }
}
