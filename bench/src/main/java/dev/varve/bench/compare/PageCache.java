package dev.varve.bench.compare;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** Fills and empties the host's page cache of image files. Blocks. */
final class PageCache {

  private PageCache() {}

  /** Waits until nothing of a file is left to write, then reads all of it. */
  static void warm(Path image) throws IOException {
    try (FileChannel file = FileChannel.open(image, StandardOpenOption.READ)) {
      file.force(true);
      ByteBuffer chunk = ByteBuffer.allocateDirect(4 << 20);
      for (int read = 0; read >= 0; ) read = file.read(chunk.clear());
    }
  }

  /** Forgets a file. Pages that a process has mapped stay: stop the servers first. */
  static void drop(Path image) throws IOException, InterruptedException {
    Programs.run(
        List.of(
            "dd",
            "of=" + image,
            "oflag=nocache",
            "conv=notrunc,fdatasync",
            "count=0",
            "status=none"));
  }
}
