package dev.varve.http.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class DiskUriTest {

  @Test
  void aUnixSocketIsAParameterOfTheUri() {
    assertEquals(
        "nbd+unix:///disk?socket=/run/varve.sock", DiskUri.of(Path.of("/run/varve.sock"), "disk"));
  }

  @Test
  void whatHasAMeaningInUrisIsEscaped() {
    assertEquals(
        "nbd+unix:///My%20disk%20%7Ba%7D%3F?socket=/a%26b/%C3%BC.sock",
        DiskUri.of(Path.of("/a&b/ü.sock"), "My disk {a}?"));
  }

  @Test
  void aTcpAddressIsTheAuthorityOfTheUri() {
    assertEquals("nbd://[::1]:10809/disk", DiskUri.of(new TcpAddress("::1", 10809), false, "disk"));
  }

  @Test
  void aSocketForGuestsIsAPath() {
    assertEquals(
        "vhost-user-blk:///run/my%20vm/SATA/0/0.sock",
        DiskUri.ofGuests(Path.of("/run/my vm/SATA/0/0.sock")));
  }
}
