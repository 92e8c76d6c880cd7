package dev.varve.http.command;

import dev.varve.http.server.DiskUri;
import dev.varve.http.server.StateServer;
import dev.varve.http.server.TcpAddress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Where NBD clients can connect. For one thread. */
final class ListenOptions {

  /** What fits into the kernel's address of a Unix socket. */
  static final int MAX_SOCKET_PATH = 107;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(names = "--unix", paramLabel = "PATH", description = "Listen on a Unix socket.")
  private @Nullable Path unix;

  @Option(
      names = "--tcp",
      paramLabel = "HOST:PORT",
      converter = TcpAddressConverter.class,
      description = "Listen on TCP; without HOST on 127.0.0.1, without PORT on 10809.")
  private @Nullable TcpAddress tcp;

  void check() {
    if (unix == null) return;
    int length = unix.toString().getBytes(StandardCharsets.UTF_8).length;
    if (length > MAX_SOCKET_PATH) {
      throw new ParameterException(
          command.commandLine(),
          "%s: the path of a socket may have at most %d bytes, and this path has %d; choose another with --unix"
              .formatted(unix, MAX_SOCKET_PATH, length));
    }
  }

  /** Refuses the place of the API's socket, which is this one. */
  void checkIsNot(Path api) {
    if (unix == null || !real(unix.toAbsolutePath().normalize()).equals(real(api.normalize())))
      return;
    throw new ParameterException(
        command.commandLine(),
        "--unix %s is where the API listens, in the state folder (--state %s): choose another socket with --unix, or leave it out for %s"
            .formatted(unix, api.getParent(), api.resolveSibling(StateServer.NBD_SOCKET)));
  }

  /** With all links followed, as far as there is something. */
  private static Path real(Path path) {
    try {
      return path.toRealPath();
    } catch (IOException _) {
      Path folder = path.getParent();
      return folder == null ? path : real(folder).resolve(path.getFileName());
    }
  }

  @Nullable Path unix() {
    return unix;
  }

  @Nullable TcpAddress tcp() {
    return tcp;
  }

  /** Listens on this socket if no place is given. */
  void orOn(Path socket) {
    if (unix == null && tcp == null) unix = socket;
    check();
  }

  /**
   * The address on TCP, which is the usual one if no place is given.
   *
   * @param elsewhere whether the disk can be reached in another way
   */
  @Nullable TcpAddress tcpOrUsual(boolean elsewhere) {
    if (tcp != null || unix != null || elsewhere) return tcp;
    return new TcpAddress(TcpAddress.LOOPBACK, TcpAddress.NBD_PORT);
  }

  /**
   * Where a disk is.
   *
   * @param address the one that was taken
   * @param tls whether clients have to speak TLS there
   */
  List<String> uris(String disk, @Nullable TcpAddress address, boolean tls) {
    List<String> uris = new ArrayList<>();
    if (unix != null) uris.add(DiskUri.of(unix.toAbsolutePath(), disk));
    if (address != null) uris.add(DiskUri.of(address, tls, disk));
    return uris;
  }
}
