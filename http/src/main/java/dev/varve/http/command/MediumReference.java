package dev.varve.http.command;

import dev.varve.core.medium.UuidText;
import java.nio.file.Path;

/**
 * A medium as a user names it: by its uuid, or by its file.
 *
 * @param text as the API wants it: the uuid, or the absolute path
 */
record MediumReference(String text) {

  static MediumReference of(String given) {
    return new MediumReference(UuidText.parse(given) != null ? given : absolute(Path.of(given)));
  }

  /** A file as the API wants it: the server has another working folder. */
  static String absolute(Path file) {
    return file.toAbsolutePath().normalize().toString();
  }

  @Override
  public String toString() {
    return text;
  }
}
