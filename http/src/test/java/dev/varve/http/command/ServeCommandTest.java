package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import dev.varve.io.vdi.NewImage;
import dev.varve.io.vdi.VdiCreator;
import dev.varve.io.vdi.VdiHeader;
import io.vertx.core.json.JsonObject;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServeCommandTest {

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT", "HUP"})
  void aSignalEndsItInOrderAndIsNoFailure(String signal) throws Exception {
    base("disk.vdi");
    try (var varve = VarveProcess.start(folder, "serve", "disk.vdi", "--unix", "s")) {
      assertEquals("disk: disk.vdi, 8388608 bytes", varve.line());
      assertEquals("  nbd+unix:///disk?socket=" + folder.resolve("s"), varve.line());
      assertTrue(Files.exists(folder.resolve("s")));

      varve.signal(signal);

      assertEquals(0, varve.exitStatus(), varve::errors);
      assertFalse(Files.exists(folder.resolve("s")));
      assertTrue(varve.rest().startsWith("Stopped."));
      assertEquals("", varve.errors());
    }
  }

  @Test
  @NeedsTools({"qemu-io", "qemu-img"})
  void furtherSignalsWhileItStopsChangeNothing() throws Exception {
    base("disk.vdi");
    try (var varve = VarveProcess.start(folder, "serve", "disk.vdi", "--unix", "s")) {
      varve.line();
      qemuIo("write -P 7 0 8M");

      for (String signal : List.of("TERM", "INT", "TERM", "HUP")) varve.signal(signal);

      assertEquals(0, varve.exitStatus(), varve::errors);
    }
    VarveProcess.tool(folder, "qemu-img", "check", "disk.vdi");
    VarveProcess.tool(folder, "qemu-io", "-r", "-f", "vdi", "-c", "read -P 7 0 8M", "disk.vdi");
  }

  @ParameterizedTest
  @ValueSource(strings = {"deleted", "moved", "replaced"})
  void aFileThatIsGoneAtTheEndIsNamedAndTheEndIsAFailure(String how) throws Exception {
    base("disk.vdi");
    Path file = folder.resolve("disk.vdi");
    try (var varve = VarveProcess.start(folder, "serve", "disk.vdi", "--unix", "s")) {
      varve.line();
      switch (how) {
        case "deleted" -> Files.delete(file);
        case "moved" -> Files.move(file, folder.resolve("moved.vdi"));
        default -> {
          base("other.vdi");
          Files.move(folder.resolve("other.vdi"), file, StandardCopyOption.REPLACE_EXISTING);
        }
      }

      varve.signal("TERM");

      assertEquals(1, varve.exitStatus());
      String said = varve.errors();
      assertEquals(1, said.lines().count(), said);
      assertTrue(
          said.contains(
              "disk.vdi was deleted, moved or replaced by another file while it was being served"),
          said);
    }
  }

  @Test
  @NeedsTools({"qemu-io"})
  void aReadOnlyDiskRefusesWritesAndItsFileIsNotTouched() throws Exception {
    base("disk.vdi");
    byte[] before = Files.readAllBytes(folder.resolve("disk.vdi"));
    try (var varve =
        VarveProcess.start(folder, "serve", "disk.vdi", "--unix", "s", "--read-only")) {
      assertEquals("disk: disk.vdi, 8388608 bytes, read-only", varve.line());

      assertThrows(IOException.class, () -> qemuIo("write 0 4k"));

      varve.signal("TERM");
      assertEquals(0, varve.exitStatus(), varve::errors);
    }
    assertEquals(
        -1, java.util.Arrays.mismatch(before, Files.readAllBytes(folder.resolve("disk.vdi"))));
  }

  @Test
  void aSocketThatAKilledServerLeftIsReplaced() throws Exception {
    base("disk.vdi");
    try (var killed = VarveProcess.start(folder, "serve", "disk.vdi", "--unix", "s")) {
      killed.line();
      killed.signal("KILL");
      killed.exitStatus();
    }
    assertTrue(Files.exists(folder.resolve("s")));

    try (var varve = VarveProcess.start(folder, "serve", "disk.vdi", "--unix", "s")) {
      varve.line();
      varve.signal("TERM");
      assertEquals(0, varve.exitStatus(), varve::errors);
    }
  }

  @Test
  void aSocketThatAnotherProcessListensOnIsLeftAlone() throws Exception {
    base("disk.vdi");
    try (var living = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      living.bind(UnixDomainSocketAddress.of(folder.resolve("s")));

      String said = failure("serve", "disk.vdi", "--unix", "s");

      assertTrue(said.startsWith("varve: cannot listen on s: another server listens on s"), said);
      assertTrue(Files.exists(folder.resolve("s")));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"state/api.sock", "state/../state/./api.sock", "link/api.sock"})
  void theSocketOfTheApiIsRefusedForDisksBeforeAnythingIsOpened(String unix) throws Exception {
    Path state = Files.createDirectory(folder.resolve("state"));
    Files.createSymbolicLink(folder.resolve("link"), state);

    try (var varve = VarveProcess.start(folder, "serve", "--state", "state", "--unix", unix)) {
      assertEquals(2, varve.exitStatus());
      String said = varve.errors();
      assertTrue(said.contains("--unix " + unix + " is where the API listens"), said);
      assertTrue(said.contains("--state " + state), said);
    }
    try (var left = Files.list(state)) {
      assertEquals(List.of(), left.toList());
    }
  }

  @Test
  void anImageThatAnotherServerHasOpenIsRefused() throws Exception {
    base("disk.vdi");
    try (var first = VarveProcess.start(folder, "serve", "disk.vdi", "--unix", "s")) {
      first.line();

      String said = failure("serve", "disk.vdi", "--unix", "t");

      assertTrue(said.contains("disk.vdi"), said);
      assertFalse(Files.exists(folder.resolve("t")));
    }
  }

  @Test
  void severalImagesAreSeveralExportsAndProgramsCanReadWhere() throws Exception {
    base("a.vdi");
    base("b.vdi");
    try (var varve =
        VarveProcess.start(
            folder,
            "serve",
            "a.vdi",
            "b.vdi",
            "--name",
            "root",
            "--tcp",
            "0",
            "--output",
            "json")) {
      var exports = new JsonObject(varve.line()).getJsonArray("exports");

      assertEquals("root", exports.getJsonObject(0).getString("name"));
      assertEquals("b", exports.getJsonObject(1).getString("name"));
      assertEquals(8 << 20, exports.getJsonObject(1).getLong("capacity"));
      String uri = exports.getJsonObject(1).getJsonArray("uris").getString(0);
      assertTrue(uri.matches("nbd://127\\.0\\.0\\.1:[1-9]\\d*/b"), uri);
    }
  }

  @Test
  @NeedsTools("nbdinfo")
  void whoAsksForNoNameGetsTheFirstDisk() throws Exception {
    base("a.vdi");
    VdiCreator.create(folder.resolve("b.vdi"), NewImage.dynamic(1 << 20, UUID::randomUUID));
    try (var varve = VarveProcess.start(folder, "serve", "b.vdi", "a.vdi", "--unix", "s")) {
      varve.line();

      assertEquals(
          "1048576\n", VarveProcess.tool(folder, "nbdinfo", "--size", "nbd+unix:///?socket=s"));
    }
  }

  @Test
  void twoDisksOfOneNameAreWrongUsage() throws Exception {
    base("a.vdi");
    Files.createDirectory(folder.resolve("x"));
    base("x/a.vdi");
    try (var varve = VarveProcess.start(folder, "serve", "a.vdi", "x/a.vdi")) {
      assertEquals(2, varve.exitStatus());
      assertTrue(
          varve
              .errors()
              .startsWith("varve: two disks are named 'a'; give them different names with --name"));
    }
  }

  @Test
  void aParentIsFoundInAFolderToSearchOrListed() throws Exception {
    Files.createDirectory(folder.resolve("elsewhere"));
    VdiHeader base = base("elsewhere/base.vdi");
    VdiCreator.create(folder.resolve("leaf.vdi"), NewImage.childOf(base, UUID::randomUUID));

    String said = failure("serve", "leaf.vdi", "--unix", "s");
    assertTrue(said.contains(base.uuid().toString()) && said.contains("--search"), said);

    for (List<String> way :
        List.of(
            List.of("leaf.vdi", "--search", "elsewhere"),
            List.of("--chain", "elsewhere/base.vdi,leaf.vdi"))) {
      var arguments = new java.util.ArrayList<>(List.of("serve", "--unix", "s"));
      arguments.addAll(way);
      try (var varve = VarveProcess.start(folder, arguments.toArray(String[]::new))) {
        assertEquals("leaf: leaf.vdi and 1 below it, 8388608 bytes", varve.line());
        varve.signal("TERM");
        assertEquals(0, varve.exitStatus(), varve::errors);
      }
    }
  }

  private VdiHeader base(String name) throws IOException {
    return VdiCreator.create(folder.resolve(name), NewImage.dynamic(8 << 20, UUID::randomUUID));
  }

  private String qemuIo(String command) throws IOException, InterruptedException {
    return VarveProcess.tool(
        folder, "qemu-io", "-f", "raw", "-c", command, "nbd+unix:///?socket=s");
  }

  /** What it says on standard error, a line, when it fails. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "--max-connections 0",
        "--max-connections many",
        "--idle-timeout 10",
        "--poll-us -1",
        "--poll-us 1001"
      })
  void limitsOfClientsThatMakeNoSenseAreWrongUsage(String options) throws Exception {
    String[] arguments = ("serve disk.vdi --unix s " + options).split(" ");
    try (var varve = VarveProcess.start(folder, arguments)) {
      assertEquals(2, varve.exitStatus());
      assertTrue(varve.errors().contains(arguments[4]), varve::errors);
    }
  }

  @Test
  void aClientThatAsksForNothingIsDisconnectedAndTheLogSaysWhy() throws Exception {
    base("disk.vdi");
    try (var varve =
        VarveProcess.start(folder, "serve", "disk.vdi", "--unix", "s", "--idle-timeout", "1s")) {
      varve.line();
      varve.line();
      try (var client = new NbdSocket(folder.resolve("s"))) {
        client.readAll(4096);

        assertThrows(EOFException.class, client::reply);
      }
      String line = varve.log().await("it asked for nothing for 1.00 s");
      assertTrue(line.contains("left disk 'disk'"), line);
      varve.signal("TERM");
      assertEquals(0, varve.exitStatus(), varve::errors);
    }
  }

  @Test
  void oneClientMoreThanAllowedIsRefused() throws Exception {
    base("disk.vdi");
    try (var varve =
        VarveProcess.start(folder, "serve", "disk.vdi", "--unix", "s", "--max-connections", "1")) {
      varve.line();
      varve.line();
      try (var first = new NbdSocket(folder.resolve("s"))) {
        assertThrows(IOException.class, () -> new NbdSocket(folder.resolve("s")));
        first.readAll(4096);
      }
      String line = varve.log().await("NBD clients are refused");
      assertTrue(line.contains("1 client is connected, as many as --max-connections allows"), line);
      varve.signal("TERM");
      assertEquals(0, varve.exitStatus(), varve::errors);
    }
  }

  private String failure(String... arguments) throws Exception {
    try (var varve = VarveProcess.start(folder, arguments)) {
      assertEquals(1, varve.exitStatus());
      String said = varve.errors();
      assertEquals(1, said.lines().count(), said);
      return said;
    }
  }
}
