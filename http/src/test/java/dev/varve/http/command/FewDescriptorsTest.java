package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that may have few files open: it says so, or serves, and is never stuck. */
class FewDescriptorsTest {

  private static final int MANY = 300;

  /** Each is an open file: in a build there are more than in a distribution. */
  private static final int LIBRARIES =
      (int)
          Stream.of(System.getProperty("java.class.path").split(":"))
              .filter(path -> path.endsWith(".jar"))
              .count();

  private static final int LIMIT = LIBRARIES + 150;

  @TempDir Path temporary;
  private Path folder;
  private ControlTool varve;

  @BeforeEach
  void state() throws IOException {
    folder = temporary.toRealPath();
    varve = new ControlTool(folder.resolve("state"));
  }

  @Test
  void withTooFewItDoesNotStartAndSaysHowManyItNeeds() throws Exception {
    try (var server =
        VarveProcess.startWithFiles(LIBRARIES + 30, folder, "serve", "--state", "state")) {
      assertEquals(1, server.exitStatus());

      String said = server.errors();
      assertTrue(
          said.matches(
              "varve: this process may have \\d+ files and sockets open, but a server needs at least \\d+: .*\n"),
          said);
    }
  }

  @Test
  void withAFewMoreClientsAreRefusedTheApiGoesOnAndNewOnesComeWhenOldOnesGo() throws Exception {
    try (var server =
        VarveProcess.startWithFiles(
            LIMIT, folder, "serve", "--state", "state", "--api-tcp", "off")) {
      for (int i = 0; i < 3; i++) server.line();
      varve.run("machine", "create", "web");
      varve.run("machine", "controller", "add", "web", "SATA", "--bus", "SATA");
      varve.run("medium", "create", folder.resolve("web.vdi"), "--size", "8M");
      varve.run("machine", "attach", "web", "SATA:0", folder.resolve("web.vdi"));
      varve.run("machine", "start", "web");
      Path nbd = folder.resolve("state/nbd.sock");
      List<NbdSocket> clients = new ArrayList<>();
      List<SocketChannel> others = new ArrayList<>();
      try {
        for (boolean room = true; room; ) {
          try {
            clients.add(new NbdSocket(nbd, "web/SATA/0/0"));
          } catch (IOException _) {
            room = false;
          }
        }
        for (int i = 0; i < MANY; i++)
          others.add(SocketChannel.open(UnixDomainSocketAddress.of(nbd)));
        assertTrue(clients.size() >= 10, clients.size() + " clients");
        server
            .log()
            .await("NBD clients are refused: all file descriptors below " + (LIMIT - LIMIT / 4));

        varve.run("machine", "snapshot", "take", "web", "first");
        clients.getFirst().readAll(4096);
      } finally {
        for (SocketChannel other : others) other.close();
        for (NbdSocket client : clients) client.close();
      }

      for (int served = 0; served < 10; ) {
        try (var client = new NbdSocket(nbd, "web/SATA/0/0")) {
          client.readAll(4096);
          served++;
        } catch (IOException _) {
          // Those before it are still going.
        }
      }
      server.signal("TERM");
      assertEquals(0, server.exitStatus());
      List<String> lines = server.log().allLines();
      assertEquals(
          1,
          lines.stream().filter(line -> line.contains("WARNING nbd")).count(),
          () -> String.join("\n", lines.stream().filter(line -> !line.contains("INFO")).toList()));
    }
  }

  @Test
  void aMachineOfMoreImagesThanFitDoesNotStartAndLetsGoOfAll() throws Exception {
    try (var server =
        VarveProcess.startWithFiles(
            LIBRARIES + 100, folder, "serve", "--state", "state", "--api-tcp", "off")) {
      for (int i = 0; i < 3; i++) server.line();
      varve.run("machine", "create", "big");
      varve.run("machine", "controller", "add", "big", "SATA", "--bus", "SATA", "--port-count", 30);
      for (int port = 0; port < 30; port++) {
        Path image = folder.resolve(port + ".vdi");
        varve.run("medium", "create", image, "--size", "1M");
        varve.run("machine", "attach", "big", "SATA:" + port, image);
      }
      for (String snapshot : List.of("a", "b"))
        varve.run("machine", "snapshot", "take", "big", snapshot);
      String said = varve.failure("machine", "start", "big");

      assertTrue(said.startsWith("machine 'big' cannot start. SATA:"), said);
      assertTrue(said.contains("this process has as many files and sockets open as it may"), said);
      assertTrue(said.contains("--without 'SATA:29'"), said);
      assertEquals(0, server.open(".vdi"), "files that are still open");

      List<Object> start = new ArrayList<>(List.of("machine", "start", "big"));
      Matcher slot = Pattern.compile("'(SATA:[0-9.]+)'").matcher(said);
      while (slot.find()) start.addAll(List.of("--without", slot.group(1)));
      varve.run(start.toArray());
      assertTrue(server.open(".vdi") > 20, "images of the other disks");
      long open = server.open("");
      assertTrue(open <= LIBRARIES + 90, open + " are open, and the API has no room");
      varve.run("machine", "powerdown", "big");
      server.signal("TERM");
      assertEquals(0, server.exitStatus());
    }
  }
}
