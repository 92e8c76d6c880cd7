package dev.varve.io.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class InheritedSocketTest {

  private static final List<String> KERNEL =
      List.of(
          "Num       RefCount Protocol Flags    Type St Inode Path",
          "0000000000000000: 00000002 00000000 00010000 0001 01 5957225 /run/a b/api.sock",
          "0000000000000000: 00000003 00000000 00000000 0001 03 5957300 /run/connected",
          "0000000000000000: 00000002 00000000 00000000 0002 01 5957224 /run/notify",
          "0000000000000000: 00000002 00000000 00010000 0001 01 5957400 @abstract",
          "0000000000000000: 00000003 00000000 00000000 0001 03 5957500");

  @Test
  void itsPathIsTheOneThatTheKernelTells() {
    assertEquals(Path.of("/run/a b/api.sock"), InheritedSocket.listening(KERNEL, "5957225"));
  }

  @Test
  void whatDoesNotListenAtAPathIsNone() {
    for (String inode : List.of("5957300", "5957224", "5957400", "5957500", "1"))
      assertNull(InheritedSocket.listening(KERNEL, inode), inode);
  }

  @Test
  void whatIsMeantForAnotherProcessIsNotTaken() throws Exception {
    assertNull(InheritedSocket.of(Map.of("LISTEN_PID", "7", "LISTEN_FDS", "1"), 8));
    assertNull(InheritedSocket.of(Map.of("LISTEN_FDS", "1"), 8));
    assertNull(InheritedSocket.of(Map.of(), 8));
  }

  @Test
  void moreThanOneIsRefused() {
    var two = Map.of("LISTEN_PID", "8", "LISTEN_FDS", "2");

    var refused = assertThrows(IOException.class, () -> InheritedSocket.of(two, 8));

    assertTrue(refused.getMessage().contains("2 sockets"), refused.getMessage());
  }
}
