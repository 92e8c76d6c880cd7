package dev.varve.http.command;

import static dev.varve.http.client.ApiRequest.delete;
import static dev.varve.http.client.ApiRequest.get;
import static dev.varve.http.client.ApiRequest.patch;
import static dev.varve.http.client.ApiRequest.post;
import static dev.varve.http.client.ApiRequest.put;

import dev.varve.core.inventory.UnregisterMode;
import dev.varve.core.machine.Slot;
import dev.varve.core.medium.DeviceType;
import dev.varve.http.client.ApiRequest;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code varve machine}: the machines of a running server. Runs on the main thread. */
@Command(
    name = "machine",
    synopsisSubcommandLabel = "COMMAND",
    description = {
      "Shows and changes the machines of a running server.",
      "",
      "MACHINE is a name or a uuid, SLOT is CONTROLLER:PORT or CONTROLLER:PORT.DEVICE as in SATA:0 or IDE:1.1, MEDIUM a"
          + " file or a uuid.",
      ""
    },
    subcommands = {
      ControllerCommand.class,
      BandwidthCommand.class,
      SnapshotCommand.class,
      SessionCommand.class
    })
public final class MachineCommand {

  private static final String MACHINE = "MACHINE";
  private static final String SLOT = "SLOT";
  private static final String MEDIUM = "MEDIUM";

  @Command(description = "Lists all machines, and the settings files that cannot be read.")
  int list(@Mixin ServerOptions server) throws IOException {
    return server.ask(get("machines"), MachineWords::machines);
  }

  @Command(description = "Shows a machine with its storage, its snapshots and its exports.")
  int show(
      @Mixin ServerOptions server,
      @Mixin CopyOption copy,
      @Parameters(paramLabel = MACHINE) String machine)
      throws IOException {
    return server.ask(get("machines", machine).query("copy", copy.text()), MachineWords::machine);
  }

  @Command(description = "Makes a machine without controllers, registered and saved.")
  int create(@Mixin ServerOptions server, @Parameters(paramLabel = "NAME") String name)
      throws IOException {
    return server.ask(
        post("machines").body(new JsonObject().put("name", name)), MachineWords::machine);
  }

  @Command(description = "Registers the machine of a settings file.")
  int open(
      @Mixin ServerOptions server,
      @Parameters(paramLabel = "FILE.vbox", description = "Made by VirtualBox, or by Varve.")
          Path settingsFile)
      throws IOException {
    return server.ask(
        post("machines", "open")
            .body(new JsonObject().put("settingsFile", MediumReference.absolute(settingsFile))),
        MachineWords::machine);
  }

  @Command(
      name = "import",
      sortOptions = false,
      description = {
        "Makes a machine of a package: an OVA, an OVF descriptor with its disks beside it, or a Vagrant box.",
        "",
        "Its storage, name, system type, memory and processors are taken; network, sound and USB are set up in"
            + " VirtualBox. The disks become new VDI images in the machine's folder. The package stays as it is, and"
            + " nothing is left of an import that fails or is cancelled.",
        ""
      })
  int importMachine(
      @Mixin ServerOptions server,
      @Mixin JobOption job,
      @Parameters(paramLabel = "FILE", description = "FILE.ova, FILE.ovf or FILE.box.") Path file,
      @Option(
              names = "--name",
              paramLabel = "NAME",
              description =
                  "What the machine is called (as the package says; with a number if there is such a machine).")
          @Nullable String name,
      @Option(
              names = "--keep-format",
              description =
                  "Make VMDK images of the disks, as VirtualBox does, and not VDI images.")
          boolean keepFormat)
      throws IOException {
    JsonObject body =
        new JsonObject()
            .put("file", MediumReference.absolute(file))
            .put("name", name)
            .put("keepFormat", keepFormat);
    return server.run(
        post("machines", "import").body(body),
        job.waits(),
        (done, api) ->
            MachineWords.machine(api.send(get("machines", done.getString("machine"))), api));
  }

  @Command(
      name = "export",
      sortOptions = false,
      description = {
        "Puts a machine that is powered off, or a snapshot of any machine, into an OVA that VirtualBox imports.",
        "",
        "Each hard disk becomes a streamOptimized VMDK with what it shows; drives for discs and floppies are exported"
            + " empty. The file appears whole or not at all.",
        ""
      })
  int exportMachine(
      @Mixin ServerOptions server,
      @Mixin JobOption job,
      @Parameters(paramLabel = MACHINE) String machine,
      @Parameters(paramLabel = "FILE.ova") Path file,
      @Option(
              names = "--snapshot",
              paramLabel = "SNAPSHOT",
              description = "Export this snapshot, by its name or uuid (the current state).")
          @Nullable String snapshot,
      @Option(names = "--force", description = "Replace FILE.ova if it exists.") boolean force,
      @Option(
              names = "--manifest",
              description = "Add a list of the checksums (SHA256) of its files.")
          boolean manifest)
      throws IOException {
    JsonObject body =
        new JsonObject()
            .put("file", MediumReference.absolute(file))
            .put("snapshot", snapshot)
            .put("replace", force)
            .put("manifest", manifest);
    return server.run(post("machines", machine, "export").body(body), job.waits());
  }

  @Command(
      description =
          "Unregisters a machine; its files stay. Lists media that the machine has left, see --mode. A machine that"
              + " cannot be read is named by its settings file, as 'machine list' shows it.")
  int unregister(
      @Mixin ServerOptions server,
      @Mixin DryRunOption dryRun,
      @Parameters(paramLabel = MACHINE) String machine,
      @Option(
              names = "--mode",
              paramLabel = "MODE",
              description =
                  "What happens to its media. UnregisterOnly: they are unregistered too (the default)."
                      + " DetachAllReturnNone, DetachAllReturnHardDisksOnly, Full: they are detached and stay"
                      + " registered; none, the hard disks, or all are listed.")
          @Nullable UnregisterMode mode)
      throws IOException {
    return server.ask(
        dryRun.of(delete("machines", machine).query("mode", mode == null ? null : mode.text())),
        MediumWords::unregistered);
  }

  @Command(
      description = {
        "Starts a machine: locks its media and serves its disks.",
        "",
        "A drive whose medium cannot be served starts empty. A hard disk that cannot be served makes the start fail."
      })
  int start(
      @Mixin ServerOptions server,
      @Mixin DryRunOption dryRun,
      @Mixin StartOption option,
      @Mixin ForceOption force,
      @Parameters(paramLabel = MACHINE) String machine,
      @Option(
              names = "--read-only",
              description =
                  "Serve the disks read-only and change no file. A machine whose memory is saved can be started this"
                      + " way.")
          boolean readOnly)
      throws IOException {
    return server.ask(
        dryRun.of(option.of(post("machines", machine, "start"), readOnly, force.isGiven())),
        MachineWords::exports);
  }

  @Command(
      name = "powerdown",
      description = "Flushes and closes a machine's disks, and releases their locks.")
  int powerDown(
      @Mixin ServerOptions server,
      @Mixin DryRunOption dryRun,
      @Parameters(paramLabel = MACHINE) String machine)
      throws IOException {
    return server.tell(dryRun.of(post("machines", machine, "powerdown")));
  }

  @Command(
      description =
          "Reads a machine's settings file again after another program has changed it. Varve does this by itself"
              + " unless the change contradicts a session or a running machine.")
  int reload(
      @Mixin ServerOptions server,
      @Mixin DryRunOption dryRun,
      @Parameters(paramLabel = MACHINE) String machine,
      @Option(
              names = "--discard",
              description = "Read it even if a session has unsaved changes, which are lost.")
          boolean discard)
      throws IOException {
    return server.ask(
        dryRun.of(post("machines", machine, "reload").query("discard", discard)),
        MachineWords::machine);
  }

  @Command(
      name = "discard-state",
      description =
          "Discards the memory of a machine that VirtualBox has saved; the machine is then powered off. The memory's"
              + " file is deleted unless a snapshot needs it.")
  int discardState(
      @Mixin ServerOptions server,
      @Mixin DryRunOption dryRun,
      @Mixin SessionOption session,
      @Parameters(paramLabel = MACHINE) String machine)
      throws IOException {
    return server.ask(
        dryRun.of(post("machines", machine, "discard-state").session(session.id())),
        MachineWords::discardedState);
  }

  @Command(
      description =
          "Shows the images of a machine's hard disks, each below its parent, with what it takes on the host: alone"
              + " (own), together with other files (shared), and what deleting it gives back (freed).")
  int images(@Mixin ServerOptions server, @Parameters(paramLabel = MACHINE) String machine)
      throws IOException {
    return server.ask(get("machines", machine, "images"), ImageTreeWords::images);
  }

  @Command(description = "Lists where the disks of running machines are served.")
  int exports(
      @Mixin ServerOptions server,
      @Parameters(paramLabel = MACHINE, arity = "0..1", description = "Only of this one.")
          @Nullable String machine)
      throws IOException {
    return machine == null
        ? server.ask(get("exports"), MachineWords::allExports)
        : server.ask(get("machines", machine, "exports"), MachineWords::exports);
  }

  @Command(
      sortOptions = false,
      description =
          "Attaches a device to a slot. A running machine takes it if it can be hot-plugged.")
  int attach(
      @Mixin ServerOptions server,
      @Mixin SessionOption session,
      @Mixin AttachmentOptions options,
      @Parameters(paramLabel = MACHINE) String machine,
      @Parameters(paramLabel = SLOT) Slot slot,
      @Parameters(
              paramLabel = MEDIUM,
              arity = "0..1",
              description = "The medium in it. If left out: an empty drive.")
          @Nullable MediumReference medium,
      @Option(
              names = "--type",
              paramLabel = "HardDisk|DVD|Floppy",
              defaultValue = "HardDisk",
              description = "What the device is (HardDisk).")
          DeviceType type)
      throws IOException {
    JsonObject body =
        options
            .json()
            .put("controller", slot.controller())
            .put("port", slot.port())
            .put("device", slot.device())
            .put("type", type.text())
            .put("medium", medium == null ? null : medium.text());
    return server.ask(
        post("machines", machine, "attachments").session(session.id()).body(body),
        MachineWords::attachment);
  }

  @Command(
      sortOptions = false,
      description = "Changes flags or the bandwidth group of an attachment.")
  int set(
      @Mixin ServerOptions server,
      @Mixin SessionOption session,
      @Mixin AttachmentOptions options,
      @Parameters(paramLabel = MACHINE) String machine,
      @Parameters(paramLabel = SLOT) Slot slot)
      throws IOException {
    return server.ask(
        patch(at(machine, slot)).session(session.id()).body(options.json()),
        MachineWords::attachment);
  }

  @Command(
      description =
          "Detaches the device in a slot. A running machine gives it up if it can be hot-plugged.")
  int detach(
      @Mixin ServerOptions server,
      @Mixin DryRunOption dryRun,
      @Mixin SessionOption session,
      @Parameters(paramLabel = MACHINE) String machine,
      @Parameters(paramLabel = SLOT) Slot slot)
      throws IOException {
    return server.tell(dryRun.of(delete(at(machine, slot)).session(session.id())));
  }

  @Command(description = "Puts another medium into a DVD or floppy drive.")
  int mount(
      @Mixin ServerOptions server,
      @Mixin SessionOption session,
      @Parameters(paramLabel = MACHINE) String machine,
      @Parameters(paramLabel = SLOT) Slot slot,
      @Parameters(paramLabel = MEDIUM) MediumReference medium)
      throws IOException {
    ApiRequest request =
        put(at(machine, slot, "medium")).body(new JsonObject().put("medium", medium.text()));
    return server.ask(request.session(session.id()), MachineWords::attachment);
  }

  @Command(description = "Empties a DVD or floppy drive.")
  int unmount(
      @Mixin ServerOptions server,
      @Mixin SessionOption session,
      @Parameters(paramLabel = MACHINE) String machine,
      @Parameters(paramLabel = SLOT) Slot slot)
      throws IOException {
    return server.ask(
        delete(at(machine, slot, "medium")).session(session.id()), MachineWords::attachment);
  }

  @Command(description = "Ejects the medium as if the guest had opened the tray.")
  int eject(
      @Mixin ServerOptions server,
      @Parameters(paramLabel = MACHINE) String machine,
      @Parameters(paramLabel = SLOT) Slot slot)
      throws IOException {
    return server.ask(post(at(machine, slot, "guest-eject")), MachineWords::attachment);
  }

  private static Object[] at(String machine, Slot slot, String... below) {
    return Stream.concat(
            Stream.of(
                "machines", machine, "attachments", slot.controller(), slot.port(), slot.device()),
            Stream.of(below))
        .toArray();
  }
}
