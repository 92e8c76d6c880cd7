package dev.varve.http.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.http.api.RawClient.Reply;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients that are slow, large, many, or speak no HTTP. */
final class HostileRequestsTest {

  private static final Connections.Limits FEW = new Connections.Limits(8, 1, 1, 1);

  private static final String OPEN = "POST /api/v1/machines/open HTTP/1.1\nHost: localhost\n";
  private static final String JSON = "Content-Type: application/json\n";

  @TempDir Path folder;
  private final ManualTimers timers = new ManualTimers();
  private ControlPlane plane;

  @BeforeEach
  void listen() throws IOException {
    plane = new ControlPlane(folder, FEW, timers);
  }

  @AfterEach
  void close() throws IOException {
    plane.close();
  }

  /** A well-behaved client is served while, or after, others misbehave. */
  private void assertOthersAreServed() throws IOException {
    try (var client = plane.unix()) {
      assertEquals(200, client.send("GET /livez HTTP/1.1\nHost: localhost\n\n").reply().status());
    }
  }

  private Reply ask(String request) throws IOException {
    try (var client = plane.unix()) {
      return client.send(request).reply();
    }
  }

  @Test
  void aClientThatSaysNothingIsSentAway() throws Exception {
    try (var client = plane.tcp()) {
      timers.expireNext();

      assertTrue(client.isClosedByServer());
    }
    assertOthersAreServed();
  }

  @Test
  void headersThatTrickleAreCut() throws Exception {
    try (var client = plane.tcp()) {
      client.send("GET /livez HTTP/1.1\nHost: loc");
      timers.expireNext();

      assertTrue(client.isClosedByServer());
    }
    assertOthersAreServed();
  }

  @Test
  void aBodyThatTricklesIsCutWithAnAnswer() throws Exception {
    try (var client = plane.unix()) {
      client.send(OPEN + JSON + "Content-Length: 100\nExpect: 100-continue\n\n");
      assertEquals(100, client.reply().status());
      client.send("{");
      timers.expireNext();

      Reply reply = client.reply();

      assertEquals(408, reply.status());
      assertEquals("E_FAIL", reply.json().getString("error"));
      timers.expireNext();
      assertTrue(client.isClosedByServer());
    }
    assertOthersAreServed();
  }

  @Test
  void anIdleConnectionIsClosedAfterItsAnswer() throws Exception {
    try (var client = plane.unix()) {
      assertEquals(200, client.send("GET /livez HTTP/1.1\nHost: localhost\n\n").reply().status());
      timers.expireNext();

      assertTrue(client.isClosedByServer());
    }
    assertOthersAreServed();
  }

  @Test
  void aRequestMayTakeAsLongAsTheModelTakes() throws Exception {
    try (var client = plane.unix();
        var idle = plane.unix()) {
      AutoCloseable busy = plane.busyModel();
      client.send(
          "POST /api/v1/machines/m/powerdown HTTP/1.1\nHost: localhost\nExpect: 100-continue\n\n");
      assertEquals(100, client.reply().status());

      timers.expireNext();

      assertTrue(idle.isClosedByServer());
      busy.close();
      assertEquals(404, client.reply().status());
    }
  }

  @Test
  void hugeHeadersAreRefused() throws IOException {
    Reply reply = ask("GET /livez HTTP/1.1\nHost: localhost\nX: " + "x".repeat(20_000) + "\n\n");

    assertEquals(431, reply.status());
    assertEquals("application/problem+json", reply.header("Content-Type"));
    assertOthersAreServed();
  }

  @Test
  void aHugeRequestLineIsRefused() throws IOException {
    Reply reply = ask("GET /" + "x".repeat(20_000) + " HTTP/1.1\nHost: localhost\n\n");

    assertEquals(414, reply.status());
    assertOthersAreServed();
  }

  @Test
  void whatIsNoHttpIsRefused() throws IOException {
    try (var client = plane.tcp()) {
      client.send("\u0016\u0003\u0001 hello\n\n");

      assertEquals(400, client.reply().status());
    }
    assertOthersAreServed();
  }

  @Test
  void aBodyThatAnnouncesTooMuchIsRefusedBeforeItIsSent() throws IOException {
    Reply reply = ask(OPEN + JSON + "Content-Length: 1048577\nExpect: 100-continue\n\n");

    assertEquals(413, reply.status());
    assertEquals("E_INVALIDARG", reply.json().getString("error"));
  }

  @Test
  void aBodyThatGrowsTooLargeIsRefused() throws IOException {
    try (var client = plane.unix()) {
      client.send(OPEN + JSON + "Transfer-Encoding: chunked\n\n");
      String chunk = "8000\n" + "x".repeat(0x8000) + "\n";
      for (int i = 0; i < 33; i++) client.send(chunk);

      assertEquals(413, client.reply().status());
    }
    assertOthersAreServed();
  }

  @Test
  void aTruncatedChunkedBodyHarmsNoOtherClient() throws IOException {
    try (var client = plane.unix()) {
      client.send(OPEN + JSON + "Transfer-Encoding: chunked\n\n10\n{\"sett").shutDown();

      assertTrue(client.isClosedByServer());
    }
    assertOthersAreServed();
  }

  @Test
  void aChunkOfNoSizeIsRefused() throws IOException {
    try (var client = plane.unix()) {
      client.send(OPEN + JSON + "Transfer-Encoding: chunked\n\nzz\n");

      assertTrue(isRefused(client));
    }
    assertOthersAreServed();
  }

  /** Refused in words, or cut off. */
  private static boolean isRefused(RawClient client) throws IOException {
    try {
      return client.reply().status() == 400;
    } catch (IOException closed) {
      return true;
    }
  }

  @Test
  void aRequestThatIsTwoIsNotServedAsOne() throws IOException {
    try (var client = plane.unix()) {
      client.send(
          OPEN
              + JSON
              + "Content-Length: 2\nTransfer-Encoding: chunked\n\n0\n\nGET /livez HTTP/1.1\n");

      assertEquals(400, client.reply().status());
    }
    assertOthersAreServed();
  }

  @Test
  void aBodyOfUnknownLengthIsTheLastOfItsConnection() throws IOException {
    for (String coding :
        List.of("xchunked", "gzip, chunked", "identity", "chunked\nTransfer-Encoding: chunked")) {
      try (var client = plane.unix()) {
        client.send(
            OPEN
                + JSON
                + "Transfer-Encoding: "
                + coding
                + "\n\n0\n\nGET /livez HTTP/1.1\nHost: localhost\n\n");

        assertEquals(400, client.reply().status(), coding);
        assertTrue(client.isClosedByServer(), coding);
      }
    }
    assertOthersAreServed();
  }

  @Test
  void aConnectionTooManyIsSentAwayAndItsPlaceIsGivenBack() throws IOException {
    List<RawClient> clients = new ArrayList<>();
    try {
      for (int i = 0; i < FEW.connections(); i++) {
        clients.add(plane.unix());
        clients.getLast().send("GET /api/v1/jobs HTTP/1.1\nHost: localhost\n\n");
        assertEquals(200, clients.getLast().reply().status());
      }
      try (var tooMany = plane.unix()) {
        assertTrue(tooMany.isClosedByServer());
      }
      clients.getFirst().send("GET /livez HTTP/1.0\nHost: localhost\n\n"); // and no more
      assertEquals(200, clients.getFirst().reply().status());
      assertTrue(clients.getFirst().isClosedByServer());
      awaitPlace();
    } finally {
      for (RawClient client : clients) client.close();
    }
  }

  /** The client may see the end of its connection a moment before the server counts it. */
  private void awaitPlace() {
    while (true) {
      try {
        assertOthersAreServed();
        return;
      } catch (IOException stillSentAway) {
        Thread.onSpinWait();
      }
    }
  }

  private static String json(String body) {
    return JSON + "Content-Length: " + body.length() + "\n\n" + body;
  }

  @Test
  void aKindOfEventsThatIsAskedForTwiceIsSentOnce() throws IOException {
    String path = "GET /api/v1/events?kinds=job,job&seconds=0";

    assertEquals(200, ask(path + " HTTP/1.1\nHost: localhost\n\n").status());
  }

  @Test
  void noAnswerShowsTheInsides() throws IOException {
    String[] requests = {
      "GET /livez HTTP/1.1\nHost: localhost:80x\n\n",
      "GET /livez HTTP/1.1\nHost: local host\n\n",
      "GET http://evil.example/livez HTTP/1.1\nHost: localhost\n\n",
      "GET * HTTP/1.1\nHost: localhost\n\n",
      "GET /%zz HTTP/1.1\nHost: localhost\n\n",
      "GET /api/v1/media/%2Fa%00 HTTP/1.1\nHost: localhost\n\n",
      "GET /api/v1/media?location=%ff HTTP/1.1\nHost: localhost\n\n",
      "GET /api/v1/media?location=%zz HTTP/1.1\nHost: localhost\n\n",
      "GET /../../etc/passwd HTTP/1.1\nHost: localhost\n\n",
      "BREW /livez HTTP/1.1\nHost: localhost\n\n",
      OPEN + JSON + "Content-Length: 4\n\n\u00ff\u00ff\u00ff\u00ff",
      OPEN + JSON + "Content-Length: 20000\n\n" + "[".repeat(20_000),
      "POST /api/v1/machines/open HTTP/1.1\nHost: localhost\n" + json("{\"settingsFile\":\"/\"}"),
      "POST /api/v1/media HTTP/1.1\nHost: localhost\n"
          + json("{\"location\":\"/\",\"capacity\":512}"),
      "POST /api/v1/machines/x/start HTTP/1.1\nHost: localhost\n"
          + json("{\"without\":[{\"controller\":\"\\ud800\",\"port\":0}]}")
    };

    for (String request : requests) {
      Reply reply = ask(request);
      assertTrue(reply.status() >= 400 && reply.status() < 500, request + " -> " + reply);
      assertEquals("application/problem+json", reply.header("Content-Type"), request);
      for (String inside : new String[] {"Exception", "dev.varve", "io.vertx", "jackson", "at [S"})
        assertTrue(!reply.body().contains(inside), reply.body());
    }
    assertEquals(List.of(), plane.bugs());
  }
}
