package dev.varve.http.command;

import static dev.varve.http.client.ApiRequest.get;
import static dev.varve.http.client.ApiRequest.post;

import dev.varve.http.client.ApiClient;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code varve job}: the jobs of a running server. Runs on the main thread. */
@Command(
    name = "job",
    synopsisSubcommandLabel = "COMMAND",
    description = "Shows the jobs of a running server, waits for them and cancels them.")
public final class JobCommand {

  private static final String JOB = "JOB";

  @Command(description = "Lists the running jobs, and the last hundred that have ended.")
  int list(@Mixin ServerOptions server) throws IOException {
    return server.ask(get("jobs"), JobCommand::table);
  }

  @Command(description = "Shows the progress of a job.")
  int show(@Mixin ServerOptions server, @Parameters(paramLabel = JOB) String job)
      throws IOException {
    return server.ask(get("jobs", job), JobCommand::sheet);
  }

  @Command(
      description =
          "Waits until a job has ended; fails if the job has failed. Ctrl-C cancels the job.")
  int await(@Mixin ServerOptions server, @Parameters(paramLabel = JOB) String job)
      throws IOException {
    return server.run(get("jobs", job), true);
  }

  @Command(description = "Cancels a job; everything is then as it was before.")
  int cancel(@Mixin ServerOptions server, @Parameters(paramLabel = JOB) String job)
      throws IOException {
    return server.ask(post("jobs", job, "cancel"), JobCommand::sheet);
  }

  private static String table(JsonObject answer, ApiClient server) {
    var table = new TextTable("id", "state", "done", "description");
    for (Object each : answer.getJsonArray("jobs")) {
      var job = (JsonObject) each;
      table.row(
          job.getString("id"), job.getString("state"), done(job), job.getString("description"));
    }
    return table.isEmpty() ? "no jobs" : table.toString();
  }

  private static String sheet(JsonObject job, ApiClient server) {
    JsonObject problem = job.getJsonObject("problem");
    var sheet =
        new PropertyList(job.getString("description"))
            .facts(job, "id", "state")
            .fact("done", done(job));
    if (problem != null) sheet.facts(problem, "error", "detail");
    return sheet.toString();
  }

  private static String done(JsonObject job) {
    int permille = job.getInteger("permille");
    return "%d.%d %%".formatted(permille / 10, permille % 10);
  }
}
