package dev.varve.http.api;

import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.Job;
import dev.varve.core.machine.MachineId;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.concurrent.TimeUnit;

/** Answers requests about jobs. */
final class JobHandlers {

  private final Vertx vertx;
  private final Inventory inventory;

  JobHandlers(Vertx vertx, Inventory inventory) {
    this.vertx = vertx;
    this.inventory = inventory;
  }

  void addTo(Handlers handlers) {
    handlers.onEventLoop(
        "listJobs",
        call ->
            Answer.ok(
                Page.of(call)
                    .json(
                        "jobs",
                        inventory.jobs().stream()
                            .filter(job -> call.matches("state", job.state().text())),
                        job -> Page.key(job.number()),
                        JobHandlers::json)));
    handlers.later("getJob", this::get);
    handlers.onEventLoop("cancelJob", this::cancel);
  }

  /** The answer to what began a job. */
  static Answer begun(Job job) {
    return Answer.of(202, json(job)).with("Location", Paths.ofJob(job.id()));
  }

  private Future<Answer> get(Call call) {
    Job job = job(call);
    int seconds = call.number("waitSeconds");
    if (seconds == 0 || job.state() != Job.State.RUNNING)
      return Future.succeededFuture(Answer.ok(json(job)));
    Promise<Answer> answer = Promise.promise();
    Context loop = vertx.getOrCreateContext();
    long timer =
        vertx.setTimer(
            TimeUnit.SECONDS.toMillis(seconds), _ -> answer.tryComplete(Answer.ok(json(job))));
    job.ended()
        .whenComplete(
            (_, _) ->
                loop.runOnContext(
                    _ -> {
                      vertx.cancelTimer(timer);
                      answer.tryComplete(Answer.ok(json(job)));
                    }));
    return answer.future();
  }

  private Answer cancel(Call call) {
    Job job = job(call);
    job.cancel();
    return Answer.of(202, json(job));
  }

  private Job job(Call call) {
    return Lookup.job(inventory, call.text("job"));
  }

  static JsonObject json(Job job) {
    Throwable failure = job.failure();
    MachineId made = job.made();
    return new JsonObject()
        .put("id", job.id())
        .put("description", job.description())
        .put("state", job.state().text())
        .put("permille", job.permille())
        .put("machine", made == null ? null : made.toString())
        .put("problem", failure == null ? null : Problem.of(failure).json());
  }
}
