package dev.varve.http.command;

import static dev.varve.http.client.ApiRequest.get;
import static dev.varve.http.client.ApiRequest.patch;
import static dev.varve.http.client.ApiRequest.post;

import dev.varve.core.machine.BandwidthGroup;
import dev.varve.http.client.ApiRequest;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code varve machine bandwidth}: limits that disks of a machine share. */
@Command(
    name = "bandwidth",
    synopsisSubcommandLabel = "COMMAND",
    description = "Shows and changes the bandwidth groups of a machine.")
final class BandwidthCommand {

  private static final String MACHINE = "MACHINE";
  private static final String GROUP = "GROUP";
  private static final String LIMIT = "--max-bytes-per-second";

  @Command(description = "Lists the bandwidth groups of a machine.")
  int list(
      @Mixin ServerOptions server,
      @Mixin CopyOption copy,
      @Parameters(paramLabel = MACHINE) String machine)
      throws IOException {
    return server.ask(
        get("machines", machine, "bandwidth-groups").query("copy", copy.text()),
        MachineWords::bandwidthGroups);
  }

  @Command(sortOptions = false, description = "Makes a bandwidth group.")
  int create(
      @Mixin ServerOptions server,
      @Mixin SessionOption session,
      @Parameters(paramLabel = MACHINE) String machine,
      @Parameters(paramLabel = "NAME") String name,
      @Option(
              names = LIMIT,
              required = true,
              paramLabel = "SIZE",
              converter = ByteSize.class,
              description = "The limit, such as 20M; 0 for none.")
          Long limit,
      @Option(
              names = "--kind",
              paramLabel = "Disk|Network",
              defaultValue = "Disk",
              description = "What it limits (Disk).")
          BandwidthGroup.Kind kind)
      throws IOException {
    ApiRequest request =
        post("machines", machine, "bandwidth-groups")
            .body(
                new JsonObject()
                    .put("name", name)
                    .put("kind", kind.text())
                    .put("maxBytesPerSecond", limit));
    return server.ask(request.session(session.id()), MachineWords::bandwidthGroup);
  }

  @Command(description = "Changes a limit; for the disks of a running machine at once.")
  int set(
      @Mixin ServerOptions server,
      @Mixin SessionOption session,
      @Parameters(paramLabel = MACHINE) String machine,
      @Parameters(paramLabel = GROUP) String group,
      @Option(
              names = LIMIT,
              required = true,
              paramLabel = "SIZE",
              converter = ByteSize.class,
              description = "The limit, such as 20M; 0 for none.")
          Long limit)
      throws IOException {
    ApiRequest request =
        patch("machines", machine, "bandwidth-groups", group)
            .body(new JsonObject().put("maxBytesPerSecond", limit));
    return server.ask(request.session(session.id()), MachineWords::bandwidthGroup);
  }

  @Command(description = "Deletes a group that no attachment names.")
  int delete(
      @Mixin ServerOptions server,
      @Mixin SessionOption session,
      @Parameters(paramLabel = MACHINE) String machine,
      @Parameters(paramLabel = GROUP) String group)
      throws IOException {
    return server.tell(
        ApiRequest.delete("machines", machine, "bandwidth-groups", group).session(session.id()));
  }
}
