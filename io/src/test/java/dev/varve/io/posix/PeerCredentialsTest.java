package dev.varve.io.posix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PeerCredentialsTest {

  @TempDir Path folder;

  /** The numbers behind a word of this process's status in /proc. */
  private static Set<Integer> status(String word) throws IOException {
    Set<Integer> numbers = new HashSet<>();
    for (String line : Files.readAllLines(Path.of("/proc/self/status")))
      if (line.startsWith(word + ":"))
        Arrays.stream(line.substring(word.length() + 1).strip().split("\\s+"))
            .filter(number -> !number.isEmpty())
            .map(Integer::valueOf)
            .forEach(numbers::add);
    return numbers;
  }

  @Test
  void thePeerIsTheProcessThatConnected() throws IOException {
    var address = UnixDomainSocketAddress.of(folder.resolve("s"));
    try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address);
        var client = SocketChannel.open(address);
        var accepted = server.accept()) {
      int descriptor = descriptorOf(accepted);

      PeerCredentials peer = PeerCredentials.of(descriptor);

      assertEquals(status("Uid"), Set.of(peer.user()));
      Set<Integer> groups = status("Gid");
      groups.addAll(status("Groups"));
      assertEquals(groups, peer.groups());
      assertEquals(Accounts.self(), peer.user());
      assertEquals(ProcessHandle.current().pid(), peer.process());
      assertTrue(client.isConnected());
    }
  }

  /** The newest socket of this process. */
  private static int descriptorOf(SocketChannel channel) throws IOException {
    String text = channel.toString();
    int newest = -1;
    try (var all = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path each : all)
        if (Files.isSymbolicLink(each)
            && Files.readSymbolicLink(each).toString().startsWith("socket:"))
          newest = Math.max(newest, Integer.parseInt(each.getFileName().toString()));
    }
    assertTrue(newest >= 0, text);
    return newest;
  }

  @Test
  void whatIsNoSocketHasNoPeer() throws IOException {
    int descriptor = Posix.open(folder, Posix.O_CLOEXEC, 0);

    assertThrows(PosixException.class, () -> PeerCredentials.of(descriptor));

    Posix.close(descriptor);
  }

  @Test
  void accountsHaveNumbers() throws IOException {
    assertEquals(OptionalInt.of(0), Accounts.user("root"));
    assertEquals(OptionalInt.of(0), Accounts.group("root"));
    assertEquals(OptionalInt.empty(), Accounts.user("no such user"));
    assertEquals(OptionalInt.empty(), Accounts.group(""));
  }
}
