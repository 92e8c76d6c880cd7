package dev.varve.http.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class DiskServerTest {

  @Test
  void theWayOutIsSaidOnce() {
    String advice = "; choose another socket with --unix";
    var taken = new IOException("s is not a socket; choose another path");

    assertEquals(
        "cannot listen on s: s is not a socket; choose another path",
        DiskServer.cannotListen("s", advice, taken).getMessage());
    assertEquals(
        "cannot listen on s: read-only file system; choose another socket with --unix",
        DiskServer.cannotListen("s", advice, new IOException("read-only file system"))
            .getMessage());
  }
}
