package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import dev.varve.http.client.SocketPlaces;
import dev.varve.http.server.ServerSockets;
import dev.varve.http.server.StateServer;
import dev.varve.http.server.TcpAddress;
import dev.varve.io.nbd.NbdLimits;
import dev.varve.io.nbd.ReplyStyle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Where a server is found whose state folder takes no sockets, and when it takes them again. */
@Timeout(300)
class StateSocketsTest {

  @TempDir Path folder;

  private static StateServer serve(Path state) throws IOException {
    return new StateServer(state, ServerSockets.USUAL, NbdLimits.DEFAULT, ReplyStyle.STRUCTURED);
  }

  private static List<String> warnings(ControlTool tool) {
    return tool.run("machine", "list").getJsonArray("warnings").stream()
        .map(Object::toString)
        .toList();
  }

  private static void awaitFile(Path file) {
    while (!Files.exists(file)) Thread.onSpinWait();
  }

  @Test
  void whatIsInTheWayOfASocketIsToldAndTheSocketComesWhenItHasGone() throws Exception {
    Path state = folder.resolve("state");
    serve(state).close();
    Path inTheWay = Files.createDirectories(state.resolve("nbd.sock/x"));
    var tool = new ControlTool(state);
    Path elsewhere;
    try (var server = serve(state)) {
      elsewhere = SocketPlaces.of(state).present().getFirst();
      assertEquals(List.of(elsewhere.resolve("nbd.sock").toString()), server.nbdAddresses());
      assertTrue(warnings(tool).getFirst().contains(elsewhere.toString()));

      Files.delete(inTheWay);
      Files.delete(state.resolve("nbd.sock"));
      awaitFile(state.resolve("api.sock"));

      assertEquals(List.of(), warnings(tool));
      assertEquals(
          List.of(state.resolve("nbd.sock").toString(), elsewhere.resolve("nbd.sock").toString()),
          server.nbdAddresses());
    }
    assertFalse(Files.exists(elsewhere));
  }

  @Test
  @NeedsTools("mount")
  void aStateFolderWithoutFreeInodesIsServedWithoutATokenAndWithOneWhenThereIsRoom()
      throws Exception {
    try (var small = SmallFileSystem.mount(folder.resolve("small"), "nr_inodes=40")) {
      Path state = small.path().resolve("state");
      try (var _ = serve(state)) {
        new ControlTool(state).run("machine", "create", "m");
      }
      Files.delete(state.resolve("token"));
      small.fillInodes();
      try (var server = serve(state)) {
        var tool = new ControlTool(state);
        server.listenApi(new TcpAddress("127.0.0.1", 0));

        assertEquals(1, tool.run("machine", "list").getJsonArray("machines").size());
        assertEquals(null, server.apiAddress());
        assertTrue(
            warnings(tool).stream().anyMatch(w -> w.contains("does not answer on TCP")),
            () -> warnings(tool).toString());
        assertTrue(tool.failure("machine", "create", "n").contains("no space left"));
        String refused = tool.failure("token", "create", "t", "--scope", "read");
        assertTrue(refused.contains(state.resolve("tokens.json") + " cannot be written"), refused);
        assertTrue(refused.contains("free some there, then try again (E_OUTOFMEMORY)"), refused);
        var second = assertThrows(IOException.class, () -> serve(state));
        assertTrue(second.getMessage().contains("in use by process"), second.getMessage());

        small.empty();
        awaitFile(state.resolve("api.sock"));
        while (server.apiAddress() == null || !warnings(tool).isEmpty()) Thread.onSpinWait();

        assertTrue(Files.exists(state.resolve("token")));
        tool.run("machine", "create", "n");
      }
    }
  }

  @Test
  @NeedsTools("mount")
  void aReadOnlyStateFolderIsServedAndTakesChangesWhenItIsWritable() throws Exception {
    try (var small = SmallFileSystem.mount(folder.resolve("small"), "size=4M")) {
      Path state = small.path().resolve("state");
      try (var _ = serve(state)) {
        new ControlTool(state).run("machine", "create", "m");
      }
      small.remount("ro");
      try (var _ = serve(state)) {
        var tool = new ControlTool(state);
        String refused = tool.failure("machine", "create", "n");
        assertTrue(refused.contains("read-only"), refused);
        var second = assertThrows(IOException.class, () -> serve(state));
        assertTrue(second.getMessage().contains("in use by process"), second.getMessage());

        small.remount("rw");
        awaitFile(state.resolve("api.sock"));
        while (!warnings(tool).isEmpty()) Thread.onSpinWait();

        tool.run("machine", "create", "n");
      }
    }
  }

  @Test
  @NeedsTools("mount")
  void aFolderOnAFileSystemThatKnowsNeitherItsRoomNorWhenFilesWereMadeTakesChanges()
      throws Exception {
    try (var memory = SmallFileSystem.ramfs(folder.resolve("memory"))) {
      Path state = memory.path().resolve("state");
      try (var _ = serve(state)) {
        var tool = new ControlTool(state);
        tool.run("machine", "create", "m");
        tool.run("machine", "create", "n");
        tool.run("machine", "controller", "add", "m", "SATA", "--bus", "SATA");
        Path disk = memory.path().resolve("disk.vdi");
        tool.run("medium", "create", disk, "--size", "4M");
        tool.run("machine", "attach", "m", "SATA:0", disk);
        tool.run("machine", "start", "m");
        tool.run("machine", "snapshot", "take", "m", "S");
        tool.run("machine", "snapshot", "delete", "m", "S");

        assertEquals(List.of(), warnings(tool));
      }
    }
  }
}
