package dev.varve.io.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A running VirtualBox is found by the socket at which its programs meet. */
final class VirtualBoxServiceTest {

  @TempDir Path temporary;
  private Path settingsFile;
  private Path socket;

  @BeforeEach
  void makeMachine() throws IOException {
    settingsFile = Files.createFile(temporary.resolve("guest.vbox"));
    String user = Files.getOwner(settingsFile).getName();
    Path folder = Files.createDirectory(temporary.resolve(".vbox-" + user + "-ipc"));
    socket = folder.resolve("ipcd");
  }

  private ServerSocketChannel listen() throws IOException {
    var channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    channel.bind(UnixDomainSocketAddress.of(socket));
    return channel;
  }

  @Test
  void theServiceOfTheMachinesOwnerIsNamed() throws IOException {
    try (var _ = listen()) {
      assertEquals(
          "process %d (java)".formatted(ProcessHandle.current().pid()),
          VirtualBoxService.usingMachineOf(settingsFile, temporary));
    }
  }

  @Test
  void aSocketThatAKilledServiceLeftIsNoService() throws IOException {
    // One that never listened: a test beside this one may start a program, which inherits for a
    // moment what is open.
    try (var left = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      left.bind(UnixDomainSocketAddress.of(socket));
    }

    assertNull(VirtualBoxService.usingMachineOf(settingsFile, temporary));
  }

  @Test
  void withoutASocketThereIsNoService() throws IOException {
    assertNull(VirtualBoxService.usingMachineOf(settingsFile, temporary));
  }
}
