package dev.varve.http.server;

import dev.varve.core.medium.ImageChain;
import java.nio.file.Path;
import java.util.List;

/**
 * A disk for a {@link DiskServer} to serve. Immutable.
 *
 * @param names by which clients may ask for it, the first for people
 * @param images that form it
 * @param readOnly whether clients may only read; then other programs may read the images at the
 *     same time
 * @param discard whether clients may discard
 * @param rotational whether it presents itself as a disk that spins
 */
public record ServedDisk(
    List<String> names, ImageChain images, boolean readOnly, boolean discard, boolean rotational) {

  public String name() {
    return names.getFirst();
  }

  public Path leaf() {
    return images.files().getLast();
  }
}
