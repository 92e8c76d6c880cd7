package dev.varve.http.api;

import dev.varve.core.inventory.Warnings;
import dev.varve.core.inventory.Warnings.Warning;
import dev.varve.core.medium.ErrorCode;
import dev.varve.http.access.Rights;
import dev.varve.http.access.Scope;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Answers whether Varve is alive and ready, its metrics, the document of the API and its parts. */
final class HealthHandlers {

  private static final long PATIENCE_MILLIS = 2000;
  private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
  private static final Answer WELL = Answer.ok(new JsonObject().put("status", "ok"));

  private final Vertx vertx;
  private final Executor changes;
  private final ApiDocument document;
  private final Handlers.Turn turn;
  private final Warnings warnings;
  private final Supplier<String> metrics;

  HealthHandlers(
      Vertx vertx,
      Executor changes,
      Handlers.Turn turn,
      ApiDocument document,
      Warnings warnings,
      Supplier<String> metrics) {
    this.vertx = vertx;
    this.changes = changes;
    this.turn = turn;
    this.warnings = warnings;
    this.document = document;
    this.metrics = metrics;
  }

  void addTo(Handlers handlers) {
    var text = new Answer(200, Map.of("Content-Type", "application/json"), document.text());
    handlers.onEventLoop("getLiveness", _ -> WELL);
    handlers.later("getReadiness", this::ready);
    handlers.onLookThread("getMetrics", _ -> Answer.text(PROMETHEUS, metrics.get()));
    handlers.onEventLoop("getDocument", _ -> text);
    handlers.onEventLoop("getProblemType", this::problem);
  }

  private Answer problem(Call call) {
    String uri = ProblemType.PLACE + call.text("problem");
    String description = document.problemDescription(uri);
    for (ProblemType type : ProblemType.values())
      if (description != null && type.uri().equals(uri))
        return Answer.ok(
            new JsonObject()
                .put("type", uri)
                .put("title", type.title())
                .put("status", type.status())
                .put("description", description));
    throw RefusedRequest.unknown("there is no kind of problem '%s'".formatted(uri));
  }

  /** Texts name files of the host, which are not for strangers. */
  private static String words(List<Warning> blocking, Rights rights) {
    if (rights.scope().includes(Scope.READ))
      return blocking.stream().map(Warning::text).collect(Collectors.joining("; "));
    return "a problem keeps this server from its work (%s); 'varve machine list' and its log tell more"
        .formatted(
            blocking.stream()
                .map(warning -> warning.kind().text())
                .distinct()
                .collect(Collectors.joining(", ")));
  }

  /** Not ready while a warning says so, or while nothing can be changed. */
  private Future<Answer> ready(Call call) {
    List<Warning> blocking =
        warnings.all().stream().filter(w -> w.kind().blocksReadiness()).toList();
    if (!blocking.isEmpty())
      return Future.failedFuture(
          new RefusedRequest(503, ErrorCode.E_FAIL, words(blocking, call.grant().rights())));
    Promise<Answer> answer = Promise.promise();
    long timer =
        vertx.setTimer(
            PATIENCE_MILLIS,
            _ ->
                answer.tryFail(
                    new RefusedRequest(
                        503,
                        ErrorCode.E_FAIL,
                        "another change has been running for more than %d ms; wait, or look at the jobs"
                            .formatted(PATIENCE_MILLIS))));
    changes.execute(
        () -> {
          if (turn.comes(Duration.ofMillis(PATIENCE_MILLIS))) answer.tryComplete(WELL);
        });
    return answer.future().onComplete(_ -> vertx.cancelTimer(timer));
  }
}
