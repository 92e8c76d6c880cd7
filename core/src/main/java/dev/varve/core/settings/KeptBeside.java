package dev.varve.core.settings;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * Contents of settings files that could not be saved, because another program has written the file
 * at the same moment: beside it, as {@code NAME.varve-kept}, {@code NAME.varve-kept-2} and so on,
 * until a person has compared the two.
 */
final class KeptBeside {

  private static final String ENDING = ".varve-kept";

  private KeptBeside() {}

  /** The n-th name beside a file, from 1. */
  static Path name(Path file, int n) {
    return file.resolveSibling(file.getFileName() + ENDING + (n == 1 ? "" : "-" + n));
  }

  static boolean isName(Path file) {
    return String.valueOf(file.getFileName())
        .matches(".+" + Pattern.quote(ENDING) + "(-\\d{1,9})?");
  }

  /** What is kept beside a file; nothing if its folder cannot be read. */
  static List<Path> of(Path file) {
    Pattern name = Pattern.compile(Pattern.quote(file.getFileName() + ENDING) + "(-\\d{1,9})?");
    List<Path> kept = new ArrayList<>();
    Path folder = Objects.requireNonNull(file.getParent());
    try (DirectoryStream<Path> all =
        Files.newDirectoryStream(
            folder, each -> name.matcher(String.valueOf(each.getFileName())).matches())) {
      all.forEach(kept::add);
    } catch (IOException | java.nio.file.DirectoryIteratorException e) {
      return List.of();
    }
    kept.sort(null);
    return kept;
  }
}
