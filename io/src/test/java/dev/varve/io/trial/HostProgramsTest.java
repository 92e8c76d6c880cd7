package dev.varve.io.trial;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who uses a port, and which programs of VirtualBox run. */
class HostProgramsTest {

  @TempDir Path folder;

  @Test
  void theProcessThatListensOnAPortIsFound() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String user = PortUser.of(socket.getLocalPort());

      assertNotNull(user);
      assertTrue(user.startsWith("process " + ProcessHandle.current().pid() + " ("), user);
    }
  }

  @Test
  void aLineOfTheKernelNamesTheSocketIfItListensOnThePort() {
    String line =
        "   0: 0100007F:2A39 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1";

    assertEquals("4711", PortUser.listeningInode(line, 10809));
    assertNull(PortUser.listeningInode(line, 10810));
    assertNull(PortUser.listeningInode(line.replace(" 0A ", " 01 "), 10809));
    assertNull(PortUser.listeningInode("  sl  local_address rem_address   st", 10809));
  }

  @Test
  void theMachineOfAVirtualBoxProcessIsRead() throws IOException {
    process("12", "VBoxSVC\n", "/usr/lib/virtualbox/VBoxSVC\0--auto-shutdown\0");
    process("13", "VBoxHeadless\n", "VBoxHeadless\0--comment\0mail\0--startvm\0mail-uuid\0");
    process("14", "bash\n", "bash\0");
    Files.createDirectory(folder.resolve("self"));

    List<VirtualBoxProcess> found =
        VirtualBoxProcess.all(folder).stream()
            .sorted((a, b) -> Long.compare(a.pid(), b.pid()))
            .toList();

    String user = System.getProperty("user.name");
    assertEquals(
        List.of(
            new VirtualBoxProcess(12, "VBoxSVC", user, null),
            new VirtualBoxProcess(13, "VBoxHeadless", user, "mail-uuid")),
        found);
  }

  private void process(String pid, String name, String line) throws IOException {
    Path process = Files.createDirectory(folder.resolve(pid));
    Files.writeString(process.resolve("comm"), name);
    Files.writeString(process.resolve("cmdline"), line);
  }
}
