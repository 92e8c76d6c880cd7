package dev.varve.io.loop;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** The file of a Unix socket through which disks are served. Any thread. */
public final class SocketFile {

  private SocketFile() {}

  /**
   * Removes the file that a killed server left, so that another one can listen there.
   *
   * @throws IOException a server listens there, or the file is not a socket
   */
  public static void removeStale(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) return;
    if (Files.isRegularFile(path) || Files.isDirectory(path))
      throw new IOException(path + " is not a socket; choose another path");
    try (var probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      probe.connect(UnixDomainSocketAddress.of(path));
      throw new IOException(
          "another server listens on " + path + "; stop it or choose another path");
    } catch (ConnectException e) {
      Files.delete(path);
    }
  }
}
