package dev.varve.http.bundle;

import dev.varve.http.doctor.Tool;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The server's log: in the journal for a service, else in the file to which its standard error
 * goes. Blocks.
 *
 * @param process of the server; null if none runs
 */
record ServerLog(@Nullable Long process) {

  private static final int MOST_BYTES = 4 << 20;

  String text() throws IOException {
    if (process != null) {
      Path file = Files.readSymbolicLink(Path.of("/proc", process.toString(), "fd", "2"));
      if (Files.isRegularFile(file)) return end(file);
    }
    Tool journal =
        Tool.run(
            List.of(
                "journalctl",
                "--unit=varve",
                "--no-pager",
                "--no-hostname",
                "--output=short-iso",
                "--lines=5000"));
    if (journal.status() != 0)
      throw new IOException("the journal cannot be read: " + journal.said().strip());
    if (journal.said().lines().filter(line -> !line.startsWith("-- ")).findAny().isEmpty())
      throw new IOException(
          "the journal has nothing of varve.service, and the server's standard error goes to no file; add its log yourself");
    return journal.said();
  }

  private static String end(Path file) throws IOException {
    try (var log = new RandomAccessFile(file.toFile(), "r")) {
      long from = Math.max(0, log.length() - MOST_BYTES);
      byte[] bytes = new byte[(int) (log.length() - from)];
      log.seek(from);
      log.readFully(bytes);
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }
}
