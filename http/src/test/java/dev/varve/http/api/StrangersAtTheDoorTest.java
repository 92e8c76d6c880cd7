package dev.varve.http.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Connections that have shown no token keep out none that shows it. */
final class StrangersAtTheDoorTest {

  private static final int CONNECTIONS = 32;

  @TempDir Path folder;
  private ControlPlane plane;
  private final List<RawClient> idle = new ArrayList<>();

  @BeforeEach
  void begin() throws IOException {
    plane =
        new ControlPlane(
            folder, new Connections.Limits(CONNECTIONS, 30_000, 30_000, 2_000), new ManualTimers());
  }

  @AfterEach
  void end() throws IOException {
    for (RawClient client : idle) client.close();
    plane.close();
  }

  private void strangers(int count, boolean tcp) throws IOException {
    for (int i = 0; i < count; i++) idle.add(tcp ? plane.tcp() : plane.unix());
  }

  private String request() throws IOException {
    return "GET /api/v1/machines HTTP/1.1\nHost: localhost\nAuthorization: Bearer "
        + plane.token()
        + "\n\n";
  }

  @Test
  void hundredsOfIdleStrangersKeepOutNoClient() throws IOException {
    for (boolean tcp : new boolean[] {true, false}) {
      strangers(300, tcp);
      try (var client = tcp ? plane.tcp() : plane.unix()) {
        assertEquals(200, client.send(request()).reply().status());
        strangers(300, tcp);
        assertEquals(200, client.send(request()).reply().status(), "it keeps its connection");
      }
    }
  }

  @Test
  void halfARequestIsIdleToo() throws IOException {
    strangers(100, true);
    for (RawClient client : idle.subList(90, 100)) client.send("GET / HTTP/1.1\nHost: local");

    strangers(100, true);
    try (var client = plane.tcp()) {
      assertEquals(200, client.send(request()).reply().status());
    }
  }

  @Test
  void strangersThatAreToldOfAWrongTokenAreStillStrangers() throws IOException {
    try (var client = plane.tcp()) {
      assertEquals(401, client.send(request().replace("Bearer ", "Bearer no")).reply().status());
      strangers(100, true);
      try (var another = plane.tcp()) {
        assertEquals(200, another.send(request()).reply().status());
      }
      assertTrue(client.isClosedByServer());
    }
  }

  @Test
  void clientsWithATokenCanHaveAllConnections() throws IOException {
    for (int i = 0; i < CONNECTIONS - 1; i++) {
      RawClient client = plane.tcp();
      idle.add(client);
      assertEquals(200, client.send(request()).reply().status(), i + "");
    }
    for (RawClient client : idle) assertEquals(200, client.send(request()).reply().status());
  }

  @Test
  void wrongTokensAreAnsweredEverMoreSlowlyAndOtherAddressesAreNot() {
    var now = new AtomicLong();
    var wrong = new WrongTokens(now::get);

    List<Long> delays =
        IntStream.range(0, 12).mapToObj(_ -> wrong.delayMillis("10.0.0.1")).toList();

    assertEquals(
        LongStream.of(0, 0, 0, 0, 0, 100, 200, 400, 800, 1600, 2000, 2000).boxed().toList(),
        delays);
    assertEquals(0, wrong.delayMillis("10.0.0.2"));
    now.addAndGet(TimeUnit.MINUTES.toNanos(1) + 1);
    assertEquals(0, wrong.delayMillis("10.0.0.1"));
  }
}
