package dev.varve.http.command;

import java.nio.file.Path;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;

/**
 * A medium as a user names it: by its uuid, or by its file.
 *
 * @param text as the API wants it: the uuid, or the absolute path
 */
record MediumReference(String text) {

  private static final Pattern UUID =
      Pattern.compile("(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

  static MediumReference of(String given) {
    return new MediumReference(UUID.matcher(given).matches() ? given : absolute(Path.of(given)));
  }

  /** A file as the API wants it: the server has another working folder. */
  static String absolute(Path file) {
    return file.toAbsolutePath().normalize().toString();
  }

  @Override
  public String toString() {
    return text;
  }

  static final class Converter implements ITypeConverter<MediumReference> {
    @Override
    public MediumReference convert(String text) {
      return of(text);
    }
  }
}
