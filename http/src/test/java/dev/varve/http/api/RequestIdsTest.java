package dev.varve.http.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.log.Cause;
import dev.varve.io.storage.StorageThreads;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each request has an id, which its answer and its work have too. */
final class RequestIdsTest extends OnAControlPlane {

  private RawClient.Reply get(String path, String headers) throws IOException {
    return client.send("GET " + path + " HTTP/1.1\nHost: localhost\n" + headers + "\n").reply();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "4bf92f35-77b3-4da6", "Root=1-67891233.x_y"})
  void theClientsOwnIdIsTaken(String id) throws IOException {
    RawClient.Reply refused = get("/api/v1/machines/none", "X-Request-Id: " + id + "\n");

    assertEquals(id, refused.header("X-Request-Id"));
    assertEquals("request:" + id, refused.json().getString("instance"));
    assertEquals(id, get("/livez", "X-Request-Id: " + id + "\n").header("X-Request-Id"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "X-Request-Id: a b\n",
        "X-Request-Id: a\u001b[31m\n",
        "X-Request-Id: a] varve: an error\n",
        "X-Request-Id: -a\n",
        "X-Request-Id:\n",
        "X-Request-Id: one\nX-Request-Id: two\n",
        ""
      })
  void anIdThatCouldMisleadIsReplaced(String header) throws IOException {
    String made = get("/livez", header).header("X-Request-Id");

    assertTrue(made.matches("[0-9a-z]+-[0-9a-z]+"), made);
  }

  @Test
  void aLongIdIsReplaced() throws IOException {
    assertEquals(64, get("/livez", idOf(64)).header("X-Request-Id").length());
    assertNotEquals(65, get("/livez", idOf(65)).header("X-Request-Id").length());
  }

  private static String idOf(int length) {
    return "X-Request-Id: " + "a".repeat(length) + "\n";
  }

  @Test
  void idsThatAreMadeAreNotRepeated() throws IOException {
    Set<String> made = new HashSet<>();
    for (int i = 0; i < 50; i++)
      assertTrue(made.add(get("/api/v1/none", "").header("X-Request-Id")));
  }

  @Test
  void whatIsNoRequestHasAnIdToo() throws IOException {
    RawClient.Reply reply = client.send("nonsense\n\n").reply();

    assertFalse(reply.header("X-Request-Id").isEmpty());
    assertTrue(reply.json().getString("instance").startsWith("request:"));
  }

  @Test
  void theCauseGoesAlongToOtherThreads() {
    try (var threads = new StorageThreads(2)) {
      var there = new CompletableFuture<String>();
      var without = new CompletableFuture<Boolean>();

      Cause.during(
          "request 1",
          () ->
              threads.execute(
                  () -> threads.execute(() -> there.complete(String.valueOf(Cause.current())))));
      threads.execute(() -> without.complete(Cause.current() == null));

      assertEquals("request 1", there.join());
      assertTrue(without.join());
      assertEquals(null, Cause.current());
    }
  }

  @Test
  void theTraceIsThatOfTheHeaderIfItIsOne() {
    String trace = "4bf92f3577b34da6a3ce929d0e0e4736";

    assertEquals(
        List.of(trace, trace, "null", "null", "null", "null"),
        List.of(
            traceOf("00-" + trace + "-00f067aa0ba902b7-01"),
            traceOf("cc-" + trace + "-00f067aa0ba902b7-01-more"),
            traceOf("ff-" + trace + "-00f067aa0ba902b7-01"),
            traceOf("00-" + "0".repeat(32) + "-00f067aa0ba902b7-01"),
            traceOf("00-" + trace + "-0000000000000000-01"),
            traceOf("00-" + trace + "\n-00f067aa0ba902b7-01")));
  }

  private static String traceOf(String header) {
    return String.valueOf(RequestId.trace(List.of(header)));
  }
}
