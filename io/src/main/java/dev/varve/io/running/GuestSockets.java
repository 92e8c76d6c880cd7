package dev.varve.io.running;

import dev.varve.core.device.Export;
import dev.varve.core.device.FailureWords;
import dev.varve.io.vhost.VhostServer;
import io.vertx.core.Future;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;

/**
 * The vhost-user sockets of running machines, in one folder: the disk {@code vm/SATA/0/0} is on
 * {@code vm/SATA/0/0.sock}. Folders are made and removed with the sockets in them.
 *
 * <p>Thread-safe; every method but {@link #of} looks at the file system, and may block.
 */
public final class GuestSockets {

  private static final System.Logger LOG = System.getLogger(GuestSockets.class.getName());

  private static final String SUFFIX = ".sock";

  private final VhostServer server;
  private final Path folder;

  /**
   * @param server stays the caller's
   * @param folder absolute; made with the first socket
   */
  public GuestSockets(VhostServer server, Path folder) {
    this.server = server;
    this.folder = folder;
  }

  /**
   * Where a disk is.
   *
   * @param export its name for clients
   */
  public Path of(String export) {
    Path path = folder;
    for (String part : export.split("/", -1)) path = path.resolve(inFolder(part));
    return path.resolveSibling(path.getFileName() + SUFFIX);
  }

  /** A name that leads nowhere else. */
  private static String inFolder(String part) {
    return part.isEmpty() || part.equals(".") || part.equals("..")
        ? "_" + part.replace('.', '_')
        : part;
  }

  /** Serves a disk; a front-end that has waited since {@link #withdraw} gets it. */
  void publish(Export export) throws IOException {
    Path socket = of(export.name());
    try {
      Files.createDirectories(folderOf(socket));
      server.publish(socket, export);
    } catch (IOException | IllegalArgumentException e) {
      removeEmpty(socket);
      throw new IOException(
          "the disk '%s' cannot have a vhost-user socket: %s"
              .formatted(export.name(), FailureWords.of(e)),
          e);
    }
  }

  /** Takes a disk away; its front-end waits. Completes when the device is not used any more. */
  Future<Void> withdraw(String export) {
    return server.withdraw(of(export));
  }

  /** Removes the socket too. Completes when the device is not used any more. */
  Future<Void> remove(String export) {
    Path socket = of(export);
    return server.remove(socket).onComplete(_ -> removeEmpty(socket));
  }

  private static Path folderOf(Path path) {
    return Objects.requireNonNull(path.getParent()); // all are below the folder
  }

  private void removeEmpty(Path socket) {
    try {
      for (Path each = folderOf(socket); !each.equals(folder); each = folderOf(each))
        Files.delete(each);
    } catch (DirectoryNotEmptyException | NoSuchFileException e) {
      // Another disk's socket is there, or another thread was faster.
    } catch (IOException e) {
      LOG.log(Level.WARNING, "{0}", FailureWords.of(e));
    }
  }
}
