package dev.varve.core.device;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What people are told of a failure. Our own exceptions have sentences; many of the JDK's name only
 * a file, or nothing, and one that wraps another begins with the name of its class. Any thread;
 * nothing blocks.
 */
public final class FailureWords {

  private static final String UNKNOWN = "it failed, and the system does not say why";

  private FailureWords() {}

  /** The host's words for a process that has used up its file descriptors, which say no way out. */
  private static final Pattern TOO_MANY_FILES =
      Pattern.compile("Too many open files(?! in system)");

  private static final String MORE_FILES =
      "this process has as many files and sockets open as it may; allow more with 'ulimit -n', or"
          + " with LimitNOFILE= in a systemd unit";

  /** How the JDK's words for a circle of links begin. */
  private static final String LINKS = "Too many levels of symbolic links";

  private static final String CIRCLE = "the symbolic links lead in a circle";

  /** A text without the name of a class, in one or several lines. */
  public static String of(Throwable failure) {
    return TOO_MANY_FILES.matcher(words(failure)).replaceAll(MORE_FILES);
  }

  private static String words(Throwable failure) {
    Throwable cause = failure.getCause();
    return switch (failure) {
      case UncheckedIOException _ when cause != null -> of(cause);
      case CompletionException _ when cause != null -> of(cause);
      case ExecutionException _ when cause != null -> of(cause);
      case FileSystemException e -> ofFile(e);
      case UnknownHostException e -> "there is no host '" + e.getMessage() + "'";
      case CharacterCodingException _ -> "it is no text in UTF-8";
      case ClosedByInterruptException _ -> "interrupted";
      case ClosedChannelException _ -> "it was closed meanwhile";
      case EOFException e when e.getMessage() == null -> "it ended too early";
      case InterruptedException _ -> "interrupted";
      default -> message(failure, cause);
    };
  }

  private static String message(Throwable failure, @Nullable Throwable cause) {
    String message = failure.getMessage();
    if (cause != null && (message == null || message.equals(cause.toString()))) return of(cause);
    return message == null ? UNKNOWN : message;
  }

  private static String ofFile(FileSystemException e) {
    if (e.getFile() == null) return e.getReason() == null ? UNKNOWN : e.getReason();
    String what = e.getFile() + ": ";
    if (String.valueOf(e.getReason()).startsWith(LINKS)) return what + CIRCLE;
    if (e.getReason() != null && !(e instanceof AtomicMoveNotSupportedException))
      return what + e.getReason();
    return what
        + switch (e) {
          case NoSuchFileException _ -> missing(e.getFile());
          case FileAlreadyExistsException _ -> "it exists already; choose another name";
          case AccessDeniedException _ -> "permission denied";
          case NotDirectoryException _ -> "this is not a folder";
          case DirectoryNotEmptyException _ -> "the folder is not empty";
          case NotLinkException _ -> "this is not a symbolic link";
          case FileSystemLoopException _ -> CIRCLE;
          case AtomicMoveNotSupportedException _ -> "it cannot be moved to another file system";
          default -> UNKNOWN;
        };
  }

  /** A symbolic link is there, and what it leads to is not. */
  private static String missing(String file) {
    try {
      Path path = Path.of(file);
      if (Files.isSymbolicLink(path))
        return "it is a symbolic link to '%s', which does not exist"
            .formatted(Files.readSymbolicLink(path));
    } catch (IOException | InvalidPathException _) {
      // The usual words will do.
    }
    return "there is no such file";
  }
}
