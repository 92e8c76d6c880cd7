package dev.varve.http.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrivateSocketTest {

  @TempDir Path folder;

  @Test
  void whatAKillLeftOfASocketGoesWithTheNext() throws Exception {
    Path socket = folder.resolve("api.sock");
    Files.createFile(Files.createDirectory(folder.resolve(".s4711")).resolve("s"));

    ControlPlane.await(PrivateSocket.listen(socket, SocketAccess.OWNER, PrivateSocketTest::bind));

    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
    try (var files = Files.list(folder)) {
      assertEquals(List.of(socket), files.toList());
    }
  }

  private static Future<Path> bind(Path path) {
    try {
      return Future.succeededFuture(Files.createFile(path));
    } catch (IOException e) {
      return Future.failedFuture(e);
    }
  }
}
