package dev.varve.http.command;

import static dev.varve.http.client.ApiRequest.delete;
import static dev.varve.http.client.ApiRequest.get;
import static dev.varve.http.client.ApiRequest.patch;
import static dev.varve.http.client.ApiRequest.post;

import dev.varve.core.machine.ControllerType;
import dev.varve.core.machine.StorageBus;
import dev.varve.http.client.ApiRequest;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code varve machine controller}: the controllers of a machine. */
@Command(
    name = "controller",
    synopsisSubcommandLabel = "COMMAND",
    description = "Shows and changes the controllers of a machine.")
final class ControllerCommand {

  private static final String MACHINE = "MACHINE";
  private static final String CONTROLLER = "CONTROLLER";

  /** What of a controller can be changed. */
  private static final class Settings {
    @Option(
        names = "--type",
        paramLabel = "TYPE",
        description =
            "PIIX4, PIIX3, ICH6, IntelAhci, LsiLogic, BusLogic, LsiLogicSas, USB, NVMe, VirtioSCSI or I82078; it must"
                + " fit the bus. If it is left out, the usual one of the bus.")
    private @Nullable ControllerType type;

    @Option(names = "--port-count", paramLabel = "N", description = "The number of ports.")
    private @Nullable Integer portCount;

    @Option(
        names = "--bootable",
        paramLabel = "on|off",
        description = "Whether a guest can boot from its disks.")
    private @Nullable Switch bootable;

    @Option(
        names = "--use-host-io-cache",
        paramLabel = "on|off",
        description = "Whether its disks use the host's I/O cache.")
    private @Nullable Switch useHostIoCache;

    JsonObject json() {
      return new JsonBody()
          .put("type", type == null ? null : type.text())
          .put("portCount", portCount)
          .put("bootable", bootable)
          .put("useHostIoCache", useHostIoCache)
          .json();
    }
  }

  @Command(description = "Lists the controllers of a machine.")
  int list(
      @Mixin ServerOptions server,
      @Mixin CopyOption copy,
      @Parameters(paramLabel = MACHINE) String machine)
      throws IOException {
    return server.ask(
        get("machines", machine, "controllers").query("copy", copy.text()),
        MachineWords::controllers);
  }

  @Command(sortOptions = false, description = "Adds a controller.")
  int add(
      @Mixin ServerOptions server,
      @Mixin SessionOption session,
      @Parameters(paramLabel = MACHINE) String machine,
      @Parameters(paramLabel = "NAME") String name,
      @Option(
              names = "--bus",
              required = true,
              paramLabel = "BUS",
              description = "IDE, SATA, SCSI, SAS, USB, PCIe, VirtioSCSI or Floppy.")
          StorageBus bus,
      @Mixin Settings settings)
      throws IOException {
    JsonObject body = settings.json().put("name", name).put("bus", bus.text());
    ApiRequest request = post("machines", machine, "controllers").body(body);
    return server.ask(request.session(session.id()), MachineWords::controller);
  }

  @Command(sortOptions = false, description = "Changes a controller.")
  int set(
      @Mixin ServerOptions server,
      @Mixin SessionOption session,
      @Parameters(paramLabel = MACHINE) String machine,
      @Parameters(paramLabel = CONTROLLER) String controller,
      @Mixin Settings settings)
      throws IOException {
    ApiRequest request = patch("machines", machine, "controllers", controller);
    return server.ask(
        request.body(settings.json()).session(session.id()), MachineWords::controller);
  }

  @Command(description = "Renames a controller.")
  int rename(
      @Mixin ServerOptions server,
      @Mixin SessionOption session,
      @Parameters(paramLabel = MACHINE) String machine,
      @Parameters(paramLabel = CONTROLLER) String controller,
      @Parameters(paramLabel = "NAME") String name)
      throws IOException {
    ApiRequest request =
        patch("machines", machine, "controllers", controller)
            .body(new JsonObject().put("name", name));
    return server.ask(request.session(session.id()), MachineWords::controller);
  }

  @Command(description = "Removes a controller; the devices on it are detached first.")
  int remove(
      @Mixin ServerOptions server,
      @Mixin SessionOption session,
      @Parameters(paramLabel = MACHINE) String machine,
      @Parameters(paramLabel = CONTROLLER) String controller)
      throws IOException {
    return server.tell(
        delete("machines", machine, "controllers", controller).session(session.id()));
  }
}
