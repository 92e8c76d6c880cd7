package dev.varve.http.command;

import static dev.varve.http.client.ApiRequest.get;
import static dev.varve.http.client.ApiRequest.post;

import dev.varve.http.client.ApiRequest;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code varve machine snapshot}: the snapshots of a machine. */
@Command(
    name = "snapshot",
    synopsisSubcommandLabel = "COMMAND",
    description = "Takes, shows, restores and deletes the snapshots of a machine.")
final class SnapshotCommand {

  private static final String MACHINE = "MACHINE";
  private static final String SNAPSHOT = "SNAPSHOT";

  @Command(description = "Lists the snapshots of a machine; a star marks the current one.")
  int list(@Mixin ServerOptions server, @Parameters(paramLabel = MACHINE) String machine)
      throws IOException {
    return server.ask(get("machines", machine, "snapshots"), MachineWords::snapshots);
  }

  @Command(description = "Shows a snapshot with its storage.")
  int show(
      @Mixin ServerOptions server,
      @Parameters(paramLabel = MACHINE) String machine,
      @Parameters(paramLabel = SNAPSHOT) String snapshot)
      throws IOException {
    return server.ask(get("machines", machine, "snapshots", snapshot), MachineWords::snapshot);
  }

  @Command(
      description = {
        "Takes a snapshot; unsaved changes are saved first.",
        "",
        "All disks of a running machine are captured at the same moment, and its guest goes on."
      })
  int take(
      @Mixin ServerOptions server,
      @Mixin SessionOption session,
      @Parameters(paramLabel = MACHINE) String machine,
      @Parameters(paramLabel = "NAME") String name,
      @Option(
              names = "--description",
              paramLabel = "TEXT",
              defaultValue = "",
              description = "Kept with it.")
          String description)
      throws IOException {
    ApiRequest request =
        post("machines", machine, "snapshots")
            .body(new JsonObject().put("name", name).put("description", description));
    return server.ask(request.session(session.id()), MachineWords::snapshot);
  }

  @Command(
      description = {
        "Restores a stopped machine to the state of a snapshot.",
        "",
        "Its present state is lost, unless a snapshot has it; unsaved changes are discarded."
      })
  int restore(
      @Mixin ServerOptions server,
      @Mixin DryRunOption dryRun,
      @Mixin SessionOption session,
      @Parameters(paramLabel = MACHINE) String machine,
      @Parameters(paramLabel = SNAPSHOT) String snapshot)
      throws IOException {
    return server.tell(
        dryRun.of(
            post("machines", machine, "snapshots", snapshot, "restore").session(session.id())));
  }

  @Command(description = "Deletes a snapshot: merges its images into their neighbours.")
  int delete(
      @Mixin ServerOptions server,
      @Mixin DryRunOption dryRun,
      @Mixin SessionOption session,
      @Mixin JobOption job,
      @Parameters(paramLabel = MACHINE) String machine,
      @Parameters(paramLabel = SNAPSHOT) String snapshot)
      throws IOException {
    ApiRequest request = ApiRequest.delete("machines", machine, "snapshots", snapshot);
    return server.run(dryRun.of(request.session(session.id())), job.waits());
  }
}
