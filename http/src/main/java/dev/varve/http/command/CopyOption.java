package dev.varve.http.command;

import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which copy of a machine a command shows. */
final class CopyOption {

  private enum Copy {
    SAVED,
    WORKING
  }

  @Option(
      names = "--copy",
      paramLabel = "saved|working",
      description =
          "The copy that was last saved, or the working copy of the session that holds the machine (saved).")
  private @Nullable Copy copy;

  /** The API's word; null if none was given. */
  @Nullable String text() {
    return copy == null ? null : copy.name().toLowerCase(Locale.ROOT);
  }
}
