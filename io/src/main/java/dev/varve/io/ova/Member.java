package dev.varve.io.ova;

import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A file of a package.
 *
 * @param name plain
 * @param file for messages
 * @param path of a file with a name of its own; null for a part of an archive
 */
record Member(String name, String file, @Nullable Path path, long length, Contents contents) {

  /** Opens the bytes of a member; the caller closes what is returned. */
  interface Contents {
    ImageFile open() throws IOException;
  }

  ImageFile open() throws IOException {
    return contents.open();
  }

  InputStream stream() throws IOException {
    return new FileStream(open());
  }

  /**
   * All its bytes.
   *
   * @param most more are refused before they are read
   */
  byte[] bytes(int most) throws IOException {
    if (length > most)
      throw new PackageException(
          "%s has %d bytes, and such a file has at most %d; check that it is the right file"
              .formatted(file, length, most));
    try (InputStream in = stream()) {
      byte[] bytes = in.readNBytes((int) length + 1);
      return bytes.length > length ? Arrays.copyOf(bytes, (int) length) : bytes;
    }
  }
}
