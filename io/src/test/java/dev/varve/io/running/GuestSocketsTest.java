package dev.varve.io.running;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.Export;
import dev.varve.io.client.Clients;
import dev.varve.io.polling.Polling;
import dev.varve.io.testing.MemoryDevice;
import dev.varve.io.vhost.VhostServer;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Where the vhost-user sockets of machines are. */
class GuestSocketsTest {

  private static final Vertx VERTX =
      Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(1));

  private final VhostServer server =
      new VhostServer(
          VERTX, new Polling(Duration.ZERO, System::nanoTime), new Clients(), System::nanoTime);
  private Path folder;
  private GuestSockets sockets;

  @BeforeEach
  void makeFolder() throws IOException {
    folder = Files.createTempDirectory("g");
    sockets = new GuestSockets(server, folder);
  }

  @AfterEach
  void close() throws IOException {
    await(server.close());
    assertEquals(List.of(), Files.list(folder).toList());
    Files.delete(folder);
  }

  @Test
  void diskIsWhereItsNameSays() {
    assertEquals(folder.resolve("vm/SATA/0/0.sock"), sockets.of("vm/SATA/0/0"));
    assertEquals(folder.resolve("my vm/SATA/0/0.sock"), sockets.of("my vm/SATA/0/0"));
  }

  @Test
  void noNameLeadsOutOfTheFolder() {
    for (String name : List.of("../../etc/0/0", "./../SATA/0/0", "/etc/0/0", "a//..//0/0", ".."))
      assertTrue(sockets.of(name).normalize().startsWith(folder), name);
  }

  @Test
  void foldersComeAndGoWithTheSocketsInThem() throws IOException {
    sockets.publish(export("vm/SATA/0/0"));
    sockets.publish(export("vm/SATA/1/0"));

    await(sockets.remove("vm/SATA/0/0"));
    assertFalse(Files.exists(folder.resolve("vm/SATA/0")));
    assertTrue(Files.exists(folder.resolve("vm/SATA/1/0.sock")));
    await(sockets.remove("vm/SATA/1/0"));

    assertFalse(Files.exists(folder.resolve("vm")));
  }

  @Test
  void socketThatCannotBeMadeIsNamedWithItsDisk() {
    String name = "v".repeat(100) + "/SATA/0/0";
    var refused = assertThrows(IOException.class, () -> sockets.publish(export(name)));
    assertEquals(
        "the disk '%s' cannot have a vhost-user socket: %s: the path of a socket may have at most 107 bytes, and this path has %d"
            .formatted(name, sockets.of(name), sockets.of(name).toString().length()),
        refused.getMessage());
  }

  private static Export export(String name) {
    return new Export(name, "", new MemoryDevice(1 << 20), false, true, false);
  }

  private static void await(Future<Void> future) {
    future.toCompletionStage().toCompletableFuture().join();
  }
}
