package dev.varve.http.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the user of a command is told of a server that cannot be asked. */
class FolderProcessTest {

  private Path state; // short: the path of a socket has 107 bytes
  private Path socket;

  @BeforeEach
  void makeAFolder() throws IOException {
    state = Files.createTempDirectory("varve");
    socket = state.resolve("api.sock");
  }

  @AfterEach
  void deleteIt() throws IOException {
    Files.deleteIfExists(socket);
    Files.deleteIfExists(state.resolve("lock"));
    Files.delete(state);
  }

  @Test
  void aFolderWithoutAServerIsToldFromOneThatItsServerHasLeftASocketIn() throws IOException {
    assertTrue(failure().endsWith("start one with: varve serve --state " + state), failure());
    try (var left = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      left.bind(address()); // and never listened, whatever program inherits it for a moment
    }
    assertTrue(Files.exists(socket));
    assertTrue(failure().endsWith("start one with: varve serve --state " + state), failure());
  }

  @Test
  void aProcessThatHasTheFolderIsNamedInsteadOfAdvisingToStartOne() throws IOException {
    long self = ProcessHandle.current().pid();
    try (var lock =
        FileChannel.open(
            state.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      assertNull(FolderProcess.of(state), "no process has locked it");
      lock.lock();

      assertEquals(self, FolderProcess.of(state));
      assertTrue(failure().startsWith("process %d uses %s".formatted(self, state)), failure());
      assertFalse(failure().contains("varve serve"), failure());
    }
    assertNull(FolderProcess.of(state));
  }

  @Test
  void aServerThatTakesNoConnectionsIsNotCalledAbsent() throws IOException {
    List<SocketChannel> waiting = new ArrayList<>();
    try (var _ = listen(1)) {
      for (int i = 0; i < 2; i++) waiting.add(SocketChannel.open(address()));

      assertTrue(failure().contains("takes no connections"), failure());
      assertFalse(failure().contains("varve serve"), failure());
    } finally {
      for (SocketChannel client : waiting) client.close();
    }
  }

  @Test
  void aFolderOfAnotherUserIsCalledThat() throws IOException {
    String said =
        FolderProcess.unreachable(
            state, socket, new IOException(new SocketException("Permission denied")));

    String owner = Files.getOwner(state).getName();
    assertTrue(said.contains("belongs to user '%s'".formatted(owner)), said);
    assertFalse(said.contains("varve serve"), said);
  }

  @Test
  void theHostsServiceIsNamedToUsersThatMayUseIt() throws IOException {
    Files.createFile(socket);

    String said =
        FolderProcess.unreachable(
            Path.of("/own"), Path.of("/own/api.sock"), new IOException("no such file"), state);

    assertTrue(said.contains("; --state %s asks this host's service; ".formatted(state)), said);
    assertTrue(said.endsWith("start one with: varve serve --state /own"), said);
  }

  @Test
  void aUserOutsideOfTheServicesGroupIsToldHowToGetIn() throws IOException {
    String said =
        FolderProcess.unreachable(state, socket, new IOException("Permission denied"), state);

    var group = Files.readAttributes(state, PosixFileAttributes.class).group();
    assertTrue(said.contains("have root run 'adduser "), said);
    assertTrue(said.contains(" %s', and log in again".formatted(group.getName())), said);
  }

  @Test
  void aServerIsToldWhoseFolderItMayNotUse() throws IOException {
    Path inIt = state.resolve("a/b");

    IOException said = FolderAccess.explain(inIt, new AccessDeniedException(state + "/a"));

    String owner = Files.getOwner(state).getName();
    assertEquals(
        "the state folder %s: permission denied, because %s belongs to user '%s'; run the command as that user, or name another folder with --state"
            .formatted(inIt, state, owner),
        said.getMessage());
    var other = new AccessDeniedException("/elsewhere");
    assertSame(other, FolderAccess.explain(inIt, other));
  }

  @Test
  void whoWaitsLongForAnAnswerIsToldAndThenGetsIt() throws Exception {
    var told = new CountDownLatch(1);
    List<String> notices = new ArrayList<>();
    try (var server = listen(5);
        var client =
            new ApiClient(
                state,
                notice -> {
                  notices.add(notice);
                  told.countDown();
                },
                Duration.ofMillis(1))) {
      var answered =
          CompletableFuture.runAsync(
              () -> {
                try (var connection = server.accept()) {
                  connection.read(ByteBuffer.allocate(1024));
                  told.await();
                  connection.write(
                      StandardCharsets.US_ASCII.encode(
                          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"));
                } catch (IOException | InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              });

      assertTrue(client.send(ApiRequest.get("machines")).isEmpty());

      answered.get();
    }
    assertEquals(1, notices.size());
    assertTrue(notices.getFirst().contains("has not answered"), notices::toString);
  }

  private ServerSocketChannel listen(int backlog) throws IOException {
    return ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address(), backlog);
  }

  private UnixDomainSocketAddress address() {
    return UnixDomainSocketAddress.of(socket);
  }

  private String failure() {
    try (var client = new ApiClient(state)) {
      return assertThrows(IOException.class, () -> client.send(ApiRequest.get("machines")))
          .getMessage();
    }
  }
}
