package dev.varve.http;

import dev.varve.core.device.FailureWords;
import dev.varve.http.log.PrintableText;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/** A failure as one line for the user: the thing, what is wrong, and what to do. */
final class FailureText {

  private FailureText() {}

  static String of(Throwable failure) {
    return switch (failure) {
      case IOException e -> line(FailureWords.of(e));
      case UncheckedIOException e -> line(FailureWords.of(e));
      case IllegalArgumentException e when e.getMessage() != null -> line(e.getMessage());
      // The messages of other exceptions are for programmers, and name classes.
      default ->
          "internal error: this is a bug in Varve. Please report it with the stack trace that VARVE_DEBUG=1 in the environment shows";
    };
  }

  /** {@code text} without line breaks, and without anything that a terminal obeys. */
  static String line(@Nullable String text) {
    return PrintableText.of(String.valueOf(text).strip().replaceAll("\\s*\\R\\s*", "; "));
  }
}
