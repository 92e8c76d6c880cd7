package dev.varve.http.api;

import io.vertx.core.Future;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.function.Function;

/**
 * A Unix socket of a state folder: from its first moment on, only those users can connect to it
 * that may, usually the owner. Any thread; looks at the file system.
 */
public final class PrivateSocket {

  private static final System.Logger LOG = System.getLogger(PrivateSocket.class.getName());

  // Short: the path of a socket has 107 bytes at most.
  private static final String BEGINNING = ".s";
  private static final String BOUND = "s";

  private PrivateSocket() {}

  /**
   * Listens. An existing socket is replaced: the caller has locked the folder, so no other process
   * listens on it. Looks at the file system.
   *
   * @param access who may connect
   * @param listener listens at the path that it is given
   */
  public static Future<Void> listen(
      Path socket, SocketAccess access, Function<Path, Future<?>> listener) {
    Path folder;
    try {
      // Bound in a folder that only this user can enter, and moved when its mode is right.
      Path parent = Objects.requireNonNull(socket.toAbsolutePath().getParent());
      sweep(parent);
      folder =
          Files.createTempDirectory(
              parent,
              BEGINNING,
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (IOException e) {
      return Future.failedFuture(e);
    }
    Path bound = folder.resolve(BOUND);
    return listener
        .apply(bound)
        .compose(_ -> publish(bound, socket, access))
        .eventually(() -> remove(folder));
  }

  /** Deletes what is left of a process that was killed before it had moved its socket. */
  private static void sweep(Path parent) {
    try (var left = Files.newDirectoryStream(parent, BEGINNING + "[0-9]*")) {
      for (Path each : left) {
        Files.deleteIfExists(each.resolve(BOUND));
        Files.deleteIfExists(each);
      }
    } catch (IOException | DirectoryIteratorException e) {
      LOG.log(Level.DEBUG, "something is left in {0}: {1}", parent, e);
    }
  }

  private static Future<Void> publish(Path bound, Path socket, SocketAccess access) {
    try {
      access.grant(bound);
      Files.move(bound, socket, StandardCopyOption.ATOMIC_MOVE);
      return Future.succeededFuture();
    } catch (IOException e) {
      return Future.failedFuture(e);
    }
  }

  /**
   * Removes the file of a socket on which nothing listens any more. One that cannot be removed,
   * because its folder has become read-only, does no harm: the next server replaces it.
   */
  public static Future<Void> remove(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "the socket {0} stays as a file: {1}", file, e);
    }
    return Future.succeededFuture();
  }
}
