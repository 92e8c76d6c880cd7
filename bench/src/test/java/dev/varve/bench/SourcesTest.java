package dev.varve.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the sources say besides what the compiler keeps: rules of {@code CONTRIBUTING.md}. */
class SourcesTest {

  @Test
  void everyPackageHasADescription() throws IOException {
    List<Path> without =
        mainFiles().stream()
            .map(Path::getParent)
            .distinct()
            .filter(folder -> !Files.exists(folder.resolve("package-info.java")))
            .toList();

    assertEquals(List.of(), without);
  }

  private static List<Path> mainFiles() throws IOException {
    List<Path> files = new ArrayList<>();
    for (String module : List.of("core", "io", "http", "bench")) {
      try (Stream<Path> all = Files.walk(Path.of("..", module, "src", "main", "java"))) {
        files.addAll(all.filter(file -> file.toString().endsWith(".java")).sorted().toList());
      }
    }
    return files;
  }
}
