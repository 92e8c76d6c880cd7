package dev.varve.core.journal;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * Contents that could not be saved, because another program wrote the file at the same moment:
 * beside it, as {@code NAME.varve-kept}, {@code NAME.varve-kept-2} and so on, until a person has
 * compared the two. Immutable.
 *
 * @param file that was to hold them
 */
public record Kept(Path file, Path contents) {

  private static final String ENDING = ".varve-kept";

  /** The n-th name beside a file, from 1. */
  static Path name(Path file, int n) {
    return file.resolveSibling(file.getFileName() + ENDING + (n == 1 ? "" : "-" + n));
  }

  /** Whether a file is such contents, by its name. */
  public static boolean isName(Path file) {
    return String.valueOf(file.getFileName())
        .matches(".+" + Pattern.quote(ENDING) + "(-\\d{1,9})?");
  }

  /** What is kept beside a file; nothing if its folder cannot be read. */
  public static List<Kept> beside(Path file) {
    Pattern name = Pattern.compile(Pattern.quote(file.getFileName() + ENDING) + "(-\\d{1,9})?");
    List<Path> kept = new ArrayList<>();
    Path folder = Objects.requireNonNull(file.getParent());
    try (DirectoryStream<Path> all =
        Files.newDirectoryStream(
            folder, each -> name.matcher(String.valueOf(each.getFileName())).matches())) {
      all.forEach(kept::add);
    } catch (IOException | DirectoryIteratorException e) {
      return List.of();
    }
    kept.sort(null);
    return kept.stream().map(contents -> new Kept(file, contents)).toList();
  }
}
