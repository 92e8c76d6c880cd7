package dev.varve.http.command;

import static dev.varve.http.client.ApiRequest.get;
import static dev.varve.http.client.ApiRequest.patch;
import static dev.varve.http.client.ApiRequest.post;

import dev.varve.core.machine.BandwidthGroup;
import dev.varve.http.client.ApiRequest;
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

  @Command(description = "Lists the bandwidth groups of a machine.")
  int list(
      @Mixin ServerOptions server,
      @Mixin CopyOption copy,
      @Parameters(paramLabel = MACHINE) String machine)
      throws IOException {
    return server.ask(
        get("machines", machine, "bandwidth-groups").query("copy", copy.text()),
        BandwidthWords::groups);
  }

  @Command(
      description = "Shows a bandwidth group, and while the machine runs the traffic of its disks.")
  int show(
      @Mixin ServerOptions server,
      @Mixin CopyOption copy,
      @Parameters(paramLabel = MACHINE) String machine,
      @Parameters(paramLabel = GROUP) String group)
      throws IOException {
    return server.ask(
        get("machines", machine, "bandwidth-groups", group).query("copy", copy.text()),
        BandwidthWords::group);
  }

  @Command(sortOptions = false, description = "Makes a bandwidth group.")
  int create(
      @Mixin ServerOptions server,
      @Mixin SessionOption session,
      @Parameters(paramLabel = MACHINE) String machine,
      @Parameters(paramLabel = "NAME") String name,
      @Mixin LimitOptions limits,
      @Option(
              names = "--kind",
              paramLabel = "Disk|Network",
              defaultValue = "Disk",
              description = "What it limits (Disk).")
          BandwidthGroup.Kind kind)
      throws IOException {
    ApiRequest request =
        post("machines", machine, "bandwidth-groups")
            .body(limits.json().put("name", name).put("kind", kind.text()));
    return server.ask(request.session(session.id()), BandwidthWords::group);
  }

  @Command(
      sortOptions = false,
      description = "Changes limits. They hold at once, also for disks of a running machine.")
  int set(
      @Mixin ServerOptions server,
      @Mixin SessionOption session,
      @Parameters(paramLabel = MACHINE) String machine,
      @Parameters(paramLabel = GROUP) String group,
      @Mixin LimitOptions limits)
      throws IOException {
    ApiRequest request = patch("machines", machine, "bandwidth-groups", group).body(limits.json());
    return server.ask(request.session(session.id()), BandwidthWords::group);
  }

  @Command(description = "Deletes a group that has no attachments.")
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
