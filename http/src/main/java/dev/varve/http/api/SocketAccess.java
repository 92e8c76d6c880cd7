package dev.varve.http.api;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The users that may connect to the sockets in a state folder. Immutable.
 *
 * @param permissions of the socket's file; writing is connecting
 * @param group of the file; null for that of this process
 */
public record SocketAccess(Set<PosixFilePermission> permissions, @Nullable String group) {

  /** Only the owner. */
  public static final SocketAccess OWNER =
      new SocketAccess(PosixFilePermissions.fromString("rw-------"), null);

  public SocketAccess {
    permissions = Set.copyOf(permissions);
  }

  /**
   * Checks that the group is there.
   *
   * @throws IOException if it is not
   */
  public void check() throws IOException {
    if (group != null) principal(group);
  }

  private static GroupPrincipal principal(String group) throws IOException {
    try {
      return FileSystems.getDefault()
          .getUserPrincipalLookupService()
          .lookupPrincipalByGroupName(group);
    } catch (UserPrincipalNotFoundException e) {
      throw new IOException(
          "there is no group '%s'; make it with 'groupadd --system %s', or name another one with --socket-group"
              .formatted(group, group),
          e);
    }
  }

  /** Gives a socket that no other user can reach yet its group, then its permissions. */
  void grant(Path socket) throws IOException {
    if (group != null) {
      GroupPrincipal principal = principal(group);
      try {
        Files.getFileAttributeView(socket, PosixFileAttributeView.class).setGroup(principal);
      } catch (FileSystemException e) {
        throw new IOException(
            "the sockets cannot be given to the group '%s', because this user is not a member of it; add the user, or name another group with --socket-group"
                .formatted(group),
            e);
      }
    }
    Files.setPosixFilePermissions(socket, permissions);
  }
}
