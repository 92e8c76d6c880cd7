package dev.varve.http.client;

import dev.varve.io.posix.PosixException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;

/**
 * Says why a user may not use a state folder, and what to do. Any thread; looks at files of the
 * system.
 */
public final class FolderAccess {

  /** Where the service of the packages has its state folder. */
  static final Path SERVICE = Path.of("/var/lib/varve");

  private FolderAccess() {}

  /**
   * Explains why a server cannot open its state folder.
   *
   * @return the failure itself if it is not that this user may not use the folder
   */
  public static IOException explain(Path folder, IOException failure) {
    boolean denied =
        switch (failure) {
          case AccessDeniedException e -> e.getFile() != null && folder.startsWith(e.getFile());
          case PosixException e -> e.denied();
          default -> false;
        };
    if (!denied) return failure;
    return new IOException(
        "the state folder %s: permission denied, because %s; run the command as that user, or name another folder with --state"
            .formatted(folder, owner(folder)),
        failure);
  }

  /** Whose a folder is, or the nearest one above it that can be seen. */
  static String owner(Path folder) {
    for (Path path = folder; path != null; path = path.getParent()) {
      try {
        return "%s belongs to user '%s'".formatted(path, Files.getOwner(path).getName());
      } catch (IOException _) {
        // The folder above may be seen.
      }
    }
    return folder + " belongs to another user";
  }

  /** How a user gets to use the service. */
  static String membership(Path service) {
    String group;
    try {
      group = Files.readAttributes(service, PosixFileAttributes.class).group().getName();
    } catch (IOException _) {
      group = "varve";
    }
    return "for the members of its group: have root run 'adduser %s %s', and log in again"
        .formatted(System.getProperty("user.name", "USER"), group);
  }

  /** The service, in a sentence that goes on, for users that ask another server; or nothing. */
  static String service(Path service) {
    if (Files.isWritable(service.resolve(ApiClient.SOCKET)))
      return "--state %s asks this host's service; ".formatted(service);
    if (Files.isDirectory(service) && !Files.isExecutable(service))
      return "this host's service (--state %s) is %s; ".formatted(service, membership(service));
    return "";
  }
}
