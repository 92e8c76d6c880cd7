package dev.varve.io.file;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The file descriptors of this process that no image may take, so that a server whose images use
 * all others can still take commands that release some. The kernel gives each new file the lowest
 * descriptor that is free. There is one for the process, as for its descriptors. Thread-safe.
 */
public final class DescriptorReserve {

  private static volatile int first = Integer.MAX_VALUE;

  private DescriptorReserve() {}

  /** Keeps {@code first} and the descriptors above it from images that are opened from now on. */
  public static void keep(int first) {
    DescriptorReserve.first = first;
  }

  /** Refuses an image that has got one of those; the caller closes it. */
  static void check(Path path, int fd) throws IOException {
    if (fd < first) return;
    throw new IOException(
        path
            + ": Too many open files. The few descriptors that are left are kept, for commands that"
            + " let go of images");
  }
}
