package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The server as systemd runs it: what it says to its supervisor, and the socket that it is given.
 */
@NeedsTools("python3")
class ServiceTest {

  /**
   * Does systemd's part: listens at api.sock, passes that as descriptor 3, and prints what the
   * server says.
   */
  private static final String SUPERVISOR =
      """
      import os, socket, sys
      notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
      notices.bind("notify.sock")
      if os.fork() == 0:
          stopping = False
          while not stopping:
              for line in notices.recv(4096).decode().splitlines():
                  print("heard " + line, file=sys.stderr, flush=True)
                  stopping = stopping or line == "STOPPING=1"
          os._exit(0)
      api = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
      api.bind(os.path.abspath("state/api.sock"))
      api.listen(8)
      os.dup2(api.fileno(), 3, inheritable=True)
      pid = str(os.getpid())
      os.environ.update(NOTIFY_SOCKET=os.path.abspath("notify.sock"), LISTEN_PID=pid, LISTEN_FDS="1",
                        WATCHDOG_PID=pid, WATCHDOG_USEC="400000")
      os.execvp(sys.argv[1], sys.argv[1:])
      """;

  @TempDir Path folder;
  private Path state;

  @BeforeEach
  void stateFolder() throws IOException {
    state = Files.createDirectory(folder.resolve("state"));
  }

  @Test
  void systemdHearsWhatTheServerDoes() throws Exception {
    try (var varve = start()) {
      varve.log().await("heard READY=1");
      varve.log().await("heard STATUS=0 machines and 0 images, 0 of them on; 0 clients");
      varve.log().await("heard WATCHDOG=1");

      varve.terminate();

      varve.log().await("heard STOPPING=1");
      assertEquals(0, varve.exitStatus());
    }
  }

  @Test
  void aClientThatConnectsBeforeTheServerIsReadyIsAnswered() throws Exception {
    try (var varve = start()) {
      String answer = ask(state.resolve("api.sock"));

      assertTrue(answer.startsWith("HTTP/1.1 200"), answer);
      varve.terminate();
      assertEquals(0, varve.exitStatus());
      assertTrue(Files.exists(state.resolve("api.sock")), "systemd's socket stays");
    }
  }

  @Test
  void socketsAreForTheGroupIfTheUserSaysSo() throws Exception {
    try (var varve =
        VarveProcess.start(
            folder,
            "serve",
            "--state",
            state.toString(),
            "--api-tcp",
            "off",
            "--socket-mode",
            "660")) {
      varve.line();

      for (String socket : List.of("api.sock", "nbd.sock"))
        assertEquals(
            "rw-rw----",
            PosixFilePermissions.toString(Files.getPosixFilePermissions(state.resolve(socket))));
    }
  }

  @Test
  void aGroupThatIsNotThereIsRefusedWithAdvice() throws Exception {
    try (var varve =
        VarveProcess.start(
            folder,
            "serve",
            "--state",
            state.toString(),
            "--api-tcp",
            "off",
            "--socket-group",
            "no-such-group")) {
      assertEquals(1, varve.exitStatus());
      String errors = varve.errors();
      assertTrue(errors.contains("there is no group 'no-such-group'"), errors);
      assertFalse(Files.exists(state.resolve("api.sock")));
    }
  }

  private VarveProcess start() throws IOException {
    Path supervisor = Files.writeString(folder.resolve("supervisor.py"), SUPERVISOR);
    return VarveProcess.startBehind(
        List.of("python3", supervisor.toString()),
        folder,
        "serve",
        "--state",
        state.toString(),
        "--api-tcp",
        "off");
  }

  /** Connects as soon as the socket is there, and asks for the machines. */
  private static String ask(Path socket) throws IOException {
    try (var client = connect(socket)) {
      String request = "GET /api/v1/machines HTTP/1.1\r\nHost: localhost\r\n\r\n";
      client.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII)));
      ByteBuffer answer = ByteBuffer.allocate(4096);
      client.read(answer);
      return new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8);
    }
  }

  private static SocketChannel connect(Path socket) throws IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (true) {
      var client = SocketChannel.open(StandardProtocolFamily.UNIX);
      try {
        client.connect(UnixDomainSocketAddress.of(socket));
        return client;
      } catch (IOException e) { // it is not there yet
        client.close();
        if (System.nanoTime() > end) throw e;
      }
    }
  }
}
