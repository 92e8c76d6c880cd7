package dev.varve.http;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;

/**
 * What a user is told of a failure: one line that names the thing, what is wrong, and what to do.
 */
final class FailureText {

  private FailureText() {}

  static String of(Throwable failure) {
    return switch (failure) {
      case NoSuchFileException e -> e.getFile() + ": there is no such file";
      case FileAlreadyExistsException e -> e.getFile() + " exists already; choose another name";
      case AccessDeniedException e -> e.getFile() + ": permission denied";
      case FileSystemException e -> line(e.getMessage());
      case IOException e when e.getMessage() != null -> line(e.getMessage());
      case IllegalArgumentException e when e.getMessage() != null -> line(e.getMessage());
      default -> "internal error: " + line(failure.toString()) + "; VARVE_DEBUG=1 shows where";
    };
  }

  /** {@code text} without line breaks. */
  static String line(@Nullable String text) {
    return String.valueOf(text).strip().replaceAll("\\s*\\R\\s*", "; ");
  }
}
