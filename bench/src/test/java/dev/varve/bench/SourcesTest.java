package dev.varve.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the sources say besides what the compiler keeps: rules of {@code CONTRIBUTING.md}. */
class SourcesTest {

  private static final Pattern PUBLIC_TYPE =
      Pattern.compile(
          "(?m)^public (?:abstract |final |sealed |non-sealed )*(?:class|interface|enum|record|@interface) \\w");

  private static final Pattern THREADS =
      Pattern.compile(
          "\\bthreads?\\b|\\bthread-safe\\b|\\bimmutable\\b|\\bevent loop",
          Pattern.CASE_INSENSITIVE);

  @Test
  void everyPublicTypeSaysWhichThreadsMayUseIt() throws IOException {
    List<String> silent = new ArrayList<>();
    for (Path file : mainFiles()) {
      String text = Files.readString(file);
      Matcher type = PUBLIC_TYPE.matcher(text);
      if (type.find() && !THREADS.matcher(javadocBefore(type.start(), text)).find())
        silent.add(file.toString());
    }

    assertEquals(List.of(), silent);
  }

  private static String javadocBefore(int declaration, String text) {
    int start = text.lastIndexOf("\n/**", declaration);
    return start < 0 ? "" : text.substring(start, declaration);
  }

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
