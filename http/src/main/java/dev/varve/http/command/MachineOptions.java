package dev.varve.http.command;

import dev.varve.http.client.StateFolders;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The machines that {@code varve serve} serves, and where it answers for them. For one thread. */
final class MachineOptions {

  /** Leaves room for the name that a socket has before it is ready: 2 folders deep, 26 bytes. */
  private static final int MAX_STATE_FOLDER = ListenOptions.MAX_SOCKET_PATH - 26;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--machine",
      paramLabel = "FILE.vbox",
      description =
          "Open a machine, made by VirtualBox or Varve, and start it; may be repeated. It stays registered in the state"
              + " folder. If it cannot start, the server does not start either.")
  @CommandLineOnly
  private List<Path> machines = List.of();

  @Option(
      names = "--start-machines",
      paramLabel = "MACHINE|all",
      description =
          "Start a machine with the server: a name, a uuid, a settings file with its folder, or all for every one"
              + " that is registered; may be repeated. One that cannot start is a warning, and the server goes on.")
  private List<String> withServer = List.of();

  @Option(
      names = "--state",
      paramLabel = "FOLDER",
      description =
          "Where machines are kept ($VARVE_STATE, or ~/.local/state/varve); with --demo, where the demo is (demo in"
              + " that folder).")
  private @Nullable Path state;

  @Option(
      names = "--api-tcp",
      paramLabel = "HOST:PORT|off",
      converter = ApiAddress.Converter.class,
      description =
          "Where HTTP requests with the state folder's token are answered, beside api.sock in that folder"
              + " (127.0.0.1:10810).")
  private @Nullable ApiAddress api;

  @Mixin private SocketOptions sockets;

  @Mixin private MediaOptions media;

  /** Those to open and start. */
  List<Path> machines() {
    return machines;
  }

  /** Those to start if it is possible. */
  List<String> withServer() {
    return withServer;
  }

  /** Null for the usual one. */
  @Nullable ApiAddress api() {
    return api;
  }

  MediaOptions media() {
    return media;
  }

  SocketOptions sockets() {
    return sockets;
  }

  /** The state folder as it is given; null for the usual one. */
  @Nullable Path state() {
    return state;
  }

  /** That none is given which is for machines alone, where images are served. */
  void checkAbsent(boolean without) {
    if (api != null
        || !machines.isEmpty()
        || !withServer.isEmpty()
        || without
        || sockets.areGiven()
        || media.areGiven())
      throw wrong(
          "--machine, --start-machines, --without, --api-tcp, --media-root, --socket-mode, --socket-group and --socket-scope are for machines: remove them, or name no image");
  }

  /** That there is room for the names of sockets in the state folder. */
  void check() {
    if (state != null) fits(state.toAbsolutePath());
  }

  /** That the sockets are not open to every user by mistake. */
  void checkSockets() {
    String open = sockets.openToAll();
    if (open != null) throw wrong(open);
  }

  /** The state folder, absolute. */
  Path stateFolder() throws IOException {
    return fits(state == null ? StateFolders.usual(System.getenv()) : state.toAbsolutePath());
  }

  private Path fits(Path folder) {
    int length = folder.toString().getBytes(StandardCharsets.UTF_8).length;
    if (length > MAX_STATE_FOLDER) {
      throw wrong(
          "%s: the path of a state folder may have at most %d bytes, because sockets are in it, and this path has %d; choose another with --state"
              .formatted(folder, MAX_STATE_FOLDER, length));
    }
    return folder;
  }

  /** The folder of the demo. */
  Path demoFolder() throws IOException {
    return state == null
        ? StateFolders.usual(System.getenv()).resolve("demo")
        : state.toAbsolutePath();
  }

  private ParameterException wrong(String message) {
    return new ParameterException(command.commandLine(), message);
  }
}
