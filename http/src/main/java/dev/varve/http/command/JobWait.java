package dev.varve.http.command;

import dev.varve.core.inventory.Job;
import dev.varve.http.client.ApiClient;
import dev.varve.http.client.ApiRequest;
import dev.varve.http.client.RefusedException;
import dev.varve.http.log.PrintableText;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InterruptedIOException;

/** Waits for the server's jobs, with a progress bar on a terminal. */
final class JobWait {

  private static final int STEP_SECONDS = 1;

  private final ApiClient server;
  private final boolean showProgress;

  JobWait(ApiClient server, boolean showProgress) {
    this.server = server;
    this.showProgress = showProgress;
  }

  /**
   * Returns the job when it is done. If the thread is interrupted, the job is cancelled, and this
   * waits for its end.
   *
   * @throws RefusedException the job has failed
   * @throws IOException it was cancelled, or the server is gone
   */
  JsonObject untilDone(JsonObject job) throws IOException {
    String description = PrintableText.of(job.getString("description"));
    JsonObject ended;
    try {
      ended = untilEnded(job);
    } catch (InterruptedIOException _) {
      ended = untilEnded(server.send(ApiRequest.post("jobs", job.getString("id"), "cancel")));
    }
    return switch (state(ended)) {
      case DONE -> ended;
      case FAILED -> throw new RefusedException(ended.getJsonObject("problem"));
      case RUNNING, CANCELLED ->
          throw new IOException(description + ": cancelled; everything is as it was before");
    };
  }

  private JsonObject untilEnded(JsonObject begun) throws IOException {
    JsonObject job = begun;
    try (var progress =
        TerminalProgress.ofPermille(PrintableText.of(job.getString("description")), showProgress)) {
      while (state(job) == Job.State.RUNNING) {
        progress.accept(job.getInteger("permille"));
        job =
            server.send(
                ApiRequest.get("jobs", job.getString("id")).query("waitSeconds", STEP_SECONDS));
      }
    }
    return job;
  }

  /** How far a job is. */
  static Job.State state(JsonObject job) {
    String text = job.getString("state");
    for (Job.State state : Job.State.values()) if (state.text().equals(text)) return state;
    throw new IllegalStateException("no state of a job: " + text);
  }
}
