package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import dev.varve.io.vdi.VdiHeader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoChainTest {

  @TempDir Path folder;

  @Test
  @NeedsTools({"mke2fs", "debugfs", "nbdinfo", "nbdcopy", "qemu-io"})
  void theThreeCommandsToTryWorkAsPrinted() throws Exception {
    try (var varve = VarveProcess.start(folder, "serve", "--demo", "--state", "demo")) {
      List<String> lines = new ArrayList<>();
      while (lines.isEmpty() || !lines.getLast().contains("qemu-io")) lines.add(varve.line());
      List<String> commands = lines.subList(lines.size() - 3, lines.size());

      String map = shell(commands.get(0));
      assertTrue(
          map.contains("local")
              && map.contains("backing depth 2")
              && map.contains("backing depth 3"),
          map);
      String diary = shell(commands.get(1));
      assertTrue(diary.contains("On monday it rained.\nOn tuesday it rained.\n"), diary);
      assertTrue(!diary.contains("wednesday"), diary);
      String write = shell(commands.get(2));
      assertTrue(
          write.contains("wrote 1048576/1048576") && write.contains("read 1048576/1048576"), write);

      varve.signal("TERM");
      assertEquals(0, varve.exitStatus(), varve::errors);
    }
  }

  @Test
  @NeedsTools({"mke2fs", "debugfs"})
  void theDemoIsMadeOnceAndThenKept() throws Exception {
    Path state = folder.resolve("a/demo");
    DemoChain.in(state);
    VdiHeader made = VdiHeader.peek(state.resolve("wednesday.vdi"));

    DemoChain.in(state);

    assertEquals(made.uuid(), VdiHeader.peek(state.resolve("wednesday.vdi")).uuid());
    try (var left = Files.list(folder.resolve("a"))) {
      assertEquals(List.of(state), left.toList());
    }
  }

  @Test
  void whatAKillLeftOfADemoGoesWithTheNextAndALivingOneStays() throws IOException {
    Path left = Files.createTempDirectory(folder, ".w-");
    Files.createFile(left.resolve("lock"));
    Files.createFile(Files.createDirectory(left.resolve("demo")).resolve("monday.vdi"));
    Path begun = Files.createTempDirectory(folder, ".w-");
    Path open = Files.createTempDirectory(folder, ".w-");
    Files.createFile(open.resolve("lock"));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
    try (Workshop living = Workshop.in(folder, ".w-");
        Workshop next = Workshop.in(folder, ".w-")) {
      assertTrue(Files.exists(living.folder()));
      assertTrue(Files.exists(next.folder()));
    }

    try (var files = Files.list(folder)) {
      assertEquals(Set.of(begun, open), files.collect(Collectors.toSet()));
    }
  }

  @Test
  void aFolderWithSomethingElseInItIsLeftAlone() throws IOException {
    Files.writeString(folder.resolve("letter"), "dear");

    assertThrows(IOException.class, () -> DemoChain.in(folder));

    try (var left = Files.list(folder)) {
      assertEquals(List.of(folder.resolve("letter")), left.toList());
    }
  }

  private String shell(String command) throws IOException, InterruptedException {
    return VarveProcess.tool(folder, "sh", "-c", command);
  }
}
