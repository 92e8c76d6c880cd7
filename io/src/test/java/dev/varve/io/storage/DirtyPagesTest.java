package dev.varve.io.storage;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.io.posix.Posix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DirtyPagesTest {

  private static final long PAGE = Posix.PAGE_SIZE;

  @TempDir private Path folder;

  @Test
  void halfOfWhatIsLeftBelowTheMiddleOfTheThresholdsIsAdmitted() throws IOException {
    try (var pages = new DirtyPages(table(100, 20, 200, 400))) {
      assertTrue(pages.admits(90 * PAGE)); // (300 - 120) / 2
      assertFalse(pages.admits(1));
    }
  }

  @Test
  void aSampleSeesWhatHasChanged() throws IOException {
    try (var pages = new DirtyPages(table(300, 0, 200, 400))) {
      assertFalse(pages.admits(PAGE));
      table(0, 0, 200, 400);

      pages.sample();

      assertTrue(pages.admits(150 * PAGE));
    }
  }

  @Test
  void nothingIsAdmittedWithoutATable() {
    try (var pages = new DirtyPages(folder.resolve("none"))) {
      pages.admits(0);
      pages.sample();

      assertFalse(pages.admits(1));
    }
  }

  private Path table(int dirty, int writeback, int background, int limit) throws IOException {
    Path file = folder.resolve("vmstat");
    String text =
        """
        nr_free_pages 1000
        nr_dirty %d
        nr_writeback %d
        nr_writeback_temp 7
        nr_dirty_threshold %d
        nr_dirty_background_threshold %d
        """;
    Files.writeString(file, text.formatted(dirty, writeback, limit, background));
    return file;
  }
}
