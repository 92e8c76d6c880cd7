package dev.varve.http.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.varve.http.api.Api.Reply;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A request that is sent again with its key is carried out once. */
final class RepeatedRequestsTest {

  private static final RepeatedRequests.Limits LIMITS = new RepeatedRequests.Limits(3, 1000, 2);

  @TempDir Path folder;
  private final AtomicLong now = new AtomicLong();
  private final RepeatedRequests requests = new RepeatedRequests(LIMITS, now::get);
  private final AtomicInteger done = new AtomicInteger();

  private Future<Answer> ask(String client, String key, String request) {
    return requests.answer(client, key, request, () -> Future.succeededFuture(work("")));
  }

  private Answer work(String padding) {
    return Answer.ok(new JsonObject().put("n", done.incrementAndGet()).put("more", padding));
  }

  private static int number(Future<Answer> answer) {
    return answer.result().body().toJsonObject().getInteger("n");
  }

  @Test
  void theRepetitionGetsTheFirstAnswerAndSaysSo() {
    Future<Answer> first = ask("a", "k", "x");
    Future<Answer> again = ask("a", "k", "x");

    assertEquals(1, number(again));
    assertNull(first.result().headers().get(RepeatedRequests.REPEATED));
    assertEquals("true", again.result().headers().get(RepeatedRequests.REPEATED));
    assertEquals(2, number(ask("a", "other", "x")));
    assertEquals(3, number(ask("b", "k", "x")), "another client has its own keys");
  }

  @Test
  void theSameKeyForSomethingElseIsRefused() {
    ask("a", "k", "x");

    RefusedRequest refused = assertThrows(RefusedRequest.class, () -> ask("a", "k", "y"));

    assertEquals(422, refused.status());
    assertEquals(ProblemType.KEY_REUSED, refused.type());
  }

  @Test
  void theRepetitionWaitsWhileTheFirstRuns() {
    Promise<Answer> slow = Promise.promise();
    requests.answer("a", "k", "x", slow::future);
    Future<Answer> again = ask("a", "k", "x");
    assertEquals(false, again.isComplete());

    slow.complete(work(""));

    assertEquals(1, number(again));
  }

  @Test
  void aRefusalIsTriedAgain() {
    requests.answer("a", "k", "x", () -> Future.failedFuture(RefusedRequest.malformed("no")));

    assertEquals(1, number(ask("a", "k", "y")));
  }

  @Test
  void aClientThatIsOnlyRefusedPushesOutNoOther() {
    ask("a", "k", "x");
    Future<Answer> refused =
        requests.answer(
            "b",
            "k",
            "x",
            () -> {
              throw RefusedRequest.malformed("no");
            });
    ask("c", "k", "x");

    assertEquals(400, ((RefusedRequest) refused.cause()).status());
    assertEquals(1, number(ask("a", "k", "x")));
  }

  @Test
  void theOldestAnswersAreForgottenAndNoneThatIsAwaited() {
    Promise<Answer> slow = Promise.promise();
    requests.answer("a", "slow", "x", slow::future);
    for (int i = 0; i < 20; i++) ask("a", "k" + i, "x");
    assertEquals(20, number(ask("a", "k19", "x")));
    assertEquals(21, number(ask("a", "k0", "x")), "forgotten, so it is done again");
    Future<Answer> again = ask("a", "slow", "x");

    slow.complete(work(""));

    assertEquals(22, number(again));
  }

  @Test
  void longAnswersMakeRoomForThemselves() {
    for (int i = 0; i < 3; i++)
      requests.answer("a", "k" + i, "x", () -> Future.succeededFuture(work("z".repeat(600))));

    assertEquals(4, number(ask("a", "k1", "x")));
  }

  @Test
  void afterADayItIsAnotherRequest() {
    ask("a", "k", "x");
    now.addAndGet(TimeUnit.DAYS.toNanos(1) + 1);

    assertEquals(2, number(ask("a", "k", "y")));
  }

  @Test
  void manyClientsAreBounded() {
    ask("a", "k", "x");
    ask("b", "k", "x");
    ask("c", "k", "x");

    assertEquals(4, number(ask("a", "k", "x")));
  }

  // ---- over HTTP

  @Test
  void ofManyEqualRequestsAtOnceOneIsCarriedOut() throws IOException {
    try (var plane = new ControlPlane(folder);
        var api = plane.api()) {
      List<CompletableFuture<Reply>> replies =
          IntStream.range(0, 24)
              .mapToObj(
                  _ ->
                      CompletableFuture.supplyAsync(
                          () ->
                              api.ask("createMachine")
                                  .header("Idempotency-Key", "once")
                                  .body("name", "mail")
                                  .is(201)))
              .toList();

      List<String> ids = new ArrayList<>();
      for (CompletableFuture<Reply> reply : replies) ids.add(reply.join().id());
      assertEquals(1, ids.stream().distinct().count(), ids.toString());
      Reply other =
          api.ask("createMachine")
              .header("Idempotency-Key", "once")
              .body("name", "web")
              .refused(422, "E_INVALIDARG");
      assertEquals("/api/v1/problems/key-reused", other.body().getString("type"));
      api.ask("createMachine")
          .header("Idempotency-Key", "a b")
          .body("name", "web")
          .refused(400, "E_INVALIDARG");
      assertEquals(List.of(), plane.bugs());
    }
  }

  @Test
  void aTokenIsOneClientHoweverItsHeaderIsWritten() throws IOException {
    try (var plane = new ControlPlane(folder);
        var api = plane.api()) {
      List<String> ids = new ArrayList<>();
      for (String scheme : List.of("Bearer ", "bearer ", "BEARER   "))
        ids.add(
            api.ask("createMachine")
                .header("Authorization", scheme + plane.token())
                .header("Idempotency-Key", "once")
                .body("name", "mail")
                .is(201)
                .id());

      assertEquals(1, ids.stream().distinct().count(), ids.toString());
    }
  }

  @Test
  void aClientThatGoesAwayHearsTheAnswerWhenItComesBack() throws IOException {
    String request =
        "POST /api/v1/machines HTTP/1.1\nHost: localhost\nIdempotency-Key: 1\n"
            + "Content-Type: application/json\nContent-Length: 15\n\n{\"name\":\"mail\"}";
    try (var plane = new ControlPlane(folder)) {
      plane.unix().send(request).close();
      try (var again = plane.unix()) {
        assertEquals(201, again.send(request).reply().status());
      }
    }
  }
}
