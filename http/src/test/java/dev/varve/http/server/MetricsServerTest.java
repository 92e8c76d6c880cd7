package dev.varve.http.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.Stages;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class MetricsServerTest {

  @Test
  void clientsThatSayNothingLeaveForThoseThatCome() throws Exception {
    var server = new MetricsServer(() -> "up 1\n", null);
    List<Socket> silent = new ArrayList<>();
    try {
      TcpAddress address = server.listen(new TcpAddress("127.0.0.1", 0));
      for (int i = 0; i < 100; i++) silent.add(new Socket(address.host(), address.port()));

      assertEquals(-1, silent.getFirst().getInputStream().read());
      assertTrue(scraped(address).endsWith("up 1\n"));
    } finally {
      for (Socket socket : silent) socket.close();
      Stages.join(server.close());
    }
  }

  private static String scraped(TcpAddress address) throws IOException {
    try (var socket = new Socket(address.host(), address.port())) {
      socket
          .getOutputStream()
          .write("GET /metrics HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
