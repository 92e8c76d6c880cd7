package dev.varve.http.bundle;

import dev.varve.http.doctor.Tool;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
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
    Path file = process == null ? null : file(process);
    if (file != null) return end(file);
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
      throw new IOException(
          "the journal cannot be read: %s; add the server's log yourself"
              .formatted(journal.said().strip().replaceAll("\\s*\\R\\s*", "; ")));
    if (journal.said().lines().filter(line -> !line.startsWith("-- ")).findAny().isEmpty())
      throw new IOException(
          "the journal has nothing of varve.service, and the server's standard error goes to no file; add its log yourself");
    return journal.said();
  }

  /** To which its standard error goes; null for none, or if this user cannot see it. */
  private static @Nullable Path file(long process) throws IOException {
    try {
      Path file = Files.readSymbolicLink(Path.of("/proc", Long.toString(process), "fd", "2"));
      return Files.isRegularFile(file) ? file : null;
    } catch (AccessDeniedException _) {
      return null;
    }
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
