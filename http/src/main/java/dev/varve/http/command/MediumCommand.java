package dev.varve.http.command;

import static dev.varve.http.client.ApiRequest.get;
import static dev.varve.http.client.ApiRequest.patch;
import static dev.varve.http.client.ApiRequest.post;

import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.http.client.ApiRequest;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code varve medium}: the media of a running server. Runs on the main thread. */
@Command(
    name = "medium",
    synopsisSubcommandLabel = "COMMAND",
    description = {
      "Shows and changes the media of a running server.",
      "",
      "MEDIUM is a file or a uuid. A symbolic link stands for the file that it leads to: that is what is",
      "registered, changed and deleted; the link stays.",
      ""
    })
public final class MediumCommand {

  private static final String MEDIUM = "MEDIUM";

  /** What a new image is. */
  private static final class Form {
    @Option(
        names = "--format",
        paramLabel = "VDI|VMDK|VHD|RAW",
        description =
            "How its file holds the disk (what --default-format of the server says, or VDI).")
    private @Nullable DiskFormat format;

    @Option(
        names = "--variant",
        paramLabel = "Standard|Fixed",
        description =
            "Standard: grows as it is written. Fixed: has all its space from the beginning (what --default-variant of the"
                + " server says, or Standard).")
    private @Nullable MediumVariant variant;

    JsonObject json(Path file) {
      JsonObject json = location(file);
      if (format != null) json.put("format", format.name());
      if (variant != null) json.put("variant", variant.text());
      return json;
    }

    JsonObject streamOptimized(Path file) {
      return location(file)
          .put("format", format == null ? DiskFormat.VMDK.name() : format.name())
          .put("variant", MediumVariant.STREAM_OPTIMIZED.text());
    }
  }

  @Command(description = "Lists the registered media.")
  int list(
      @Mixin ServerOptions server,
      @Option(
              names = "--device",
              paramLabel = "HardDisk|DVD|Floppy",
              description = "Only media of this kind.")
          @Nullable DeviceType device,
      @Option(
              names = "--unused",
              description =
                  "Only differencing images that no machine and no snapshot uses, in the order in which they can be"
                      + " deleted. While they exist, some snapshots cannot be deleted.")
          boolean unused,
      @Option(
              names = "--sizes",
              description =
                  "What each takes on the host: alone (own), together with other files (shared), and what deleting it"
                      + " gives back (freed).")
          boolean sizes)
      throws IOException {
    return server.ask(
        get("media")
            .query("device", device == null ? null : device.text())
            .query("unused", unused ? true : null)
            .query("sizes", sizes ? true : null),
        sizes ? (answer, _) -> ImageTreeWords.sizes(answer) : MediumWords::media);
  }

  @Command(description = "Shows a medium, the machines that use it and the locks on it.")
  int show(@Mixin ServerOptions server, @Parameters(paramLabel = MEDIUM) MediumReference medium)
      throws IOException {
    return server.ask(get("media", medium), MediumWords::medium);
  }

  @Command(
      sortOptions = false,
      description = "Makes a hard disk image that reads as zeroes, and registers it.")
  int create(
      @Mixin ServerOptions server,
      @Parameters(paramLabel = "FILE") Path file,
      @Option(
              names = {"--capacity", "--size"},
              required = true,
              paramLabel = "SIZE",
              converter = ByteSize.class,
              description = "What a guest sees, such as 20G.")
          Long capacity,
      @Mixin Form form,
      @Option(
              names = "--type",
              paramLabel = "TYPE",
              defaultValue = "Normal",
              description = "Normal, Immutable, Writethrough, Shareable or MultiAttach (Normal).")
          MediumType type)
      throws IOException {
    JsonObject body = form.json(file).put("capacity", capacity).put("type", type.text());
    return server.ask(post("media").body(body), MediumWords::medium);
  }

  @Command(sortOptions = false, description = "Registers an existing image.")
  int open(
      @Mixin ServerOptions server,
      @Parameters(paramLabel = "FILE") Path file,
      @Option(
              names = "--device",
              paramLabel = "HardDisk|DVD|Floppy",
              defaultValue = "HardDisk",
              description = "What it is for (HardDisk).")
          DeviceType device,
      @Option(
              names = "--format",
              paramLabel = "VDI|VMDK|VHD|QCOW|RAW",
              description =
                  "RAW: its bytes are the bytes of the disk, even if they look like another format (detected from its contents).")
          @Nullable DiskFormat format)
      throws IOException {
    JsonObject body = location(file).put("device", device.text());
    if (format != null) body.put("format", format.name());
    return server.ask(post("media", "open").body(body), MediumWords::medium);
  }

  @Command(description = "Unregisters a medium that nothing uses; its file stays.")
  int close(
      @Mixin ServerOptions server,
      @Mixin DryRunOption dryRun,
      @Parameters(paramLabel = MEDIUM) MediumReference medium)
      throws IOException {
    return server.tell(dryRun.of(ApiRequest.delete("media", medium)));
  }

  @Command(
      description = {
        "Unregisters media that nothing uses, and deletes their files, one after the other until one cannot be deleted.",
        ""
      })
  int delete(
      @Mixin ServerOptions server,
      @Mixin DryRunOption dryRun,
      @Parameters(paramLabel = MEDIUM, arity = "1..*") List<MediumReference> media)
      throws IOException {
    int status = 0;
    for (int i = 0; i < media.size() && status == 0; i++)
      status =
          server.tell(
              dryRun.of(ApiRequest.delete("media", media.get(i)).query("deleteStorage", true)));
    return status;
  }

  /** What can be changed, one at a time. */
  private static final class Change {
    @Option(
        names = "--type",
        paramLabel = "TYPE",
        description =
            "Of a base: Normal, Immutable, Writethrough, Shareable, Readonly or MultiAttach.")
    private @Nullable MediumType type;

    @Option(
        names = "--auto-reset",
        paramLabel = "on|off",
        description = "Of a differencing image: whether starting a machine empties it.")
    private @Nullable Switch autoReset;

    JsonObject json() {
      return new JsonBody()
          .put("type", type == null ? null : type.text())
          .put("autoReset", autoReset)
          .json();
    }
  }

  @Command(description = "Changes a medium.")
  int set(
      @Mixin ServerOptions server,
      @Parameters(paramLabel = MEDIUM) MediumReference medium,
      @ArgGroup(multiplicity = "1") Change change)
      throws IOException {
    return server.ask(patch("media", medium).body(change.json()), MediumWords::medium);
  }

  @Command(description = "Makes a differencing image on top of a medium.")
  int diff(
      @Mixin ServerOptions server,
      @Parameters(paramLabel = MEDIUM) MediumReference medium,
      @Parameters(paramLabel = "FILE", description = "The image to make.") Path file,
      @Option(
              names = "--format",
              paramLabel = "VDI|VMDK|VHD",
              description =
                  "The format of FILE (as in a snapshot: that of MEDIUM, or VDI where Varve makes no such images).")
          @Nullable DiskFormat format)
      throws IOException {
    JsonObject body = location(file);
    if (format != null) body.put("format", format.name());
    return server.ask(post("media", medium, "children").body(body), MediumWords::medium);
  }

  @Command(description = "Empties a differencing image, so that it shows what its parent shows.")
  int reset(
      @Mixin ServerOptions server,
      @Mixin DryRunOption dryRun,
      @Parameters(paramLabel = MEDIUM) MediumReference medium)
      throws IOException {
    return server.ask(dryRun.of(post("media", medium, "reset")), MediumWords::medium);
  }

  @Command(
      sortOptions = false,
      description = {
        "Makes a hard disk larger that no running machine uses; the added part reads as zeroes.",
        "",
        "MEDIUM is the image on top of the disk: one on which others build, or that a snapshot keeps, is not"
            + " resized. A disk never gets smaller. The partitions in it stay as they are: enlarge them in the guest.",
        ""
      })
  int resize(
      @Mixin ServerOptions server,
      @Mixin DryRunOption dryRun,
      @Parameters(paramLabel = MEDIUM) MediumReference medium,
      @Option(
              names = {"--capacity", "--size"},
              required = true,
              paramLabel = "SIZE",
              converter = ByteSize.class,
              description = "What a guest will see, such as 40G.")
          Long capacity)
      throws IOException {
    JsonObject body = new JsonObject().put("capacity", capacity);
    return server.ask(dryRun.of(post("media", medium, "resize").body(body)), MediumWords::medium);
  }

  @Command(description = "Inspects a medium's file again.")
  int refresh(@Mixin ServerOptions server, @Parameters(paramLabel = MEDIUM) MediumReference medium)
      throws IOException {
    return server.ask(post("media", medium, "refresh"), MediumWords::medium);
  }

  @Command(
      description = {
        "Shows which image holds which part of a hard disk, also while a machine uses it.",
        "",
        "depth 1 is the medium itself, 2 its parent, and so on; at depth 0 no image holds anything and the disk reads"
            + " as zeroes.",
        ""
      })
  int map(@Mixin ServerOptions server, @Parameters(paramLabel = MEDIUM) MediumReference medium)
      throws IOException {
    return server.talk(
        (client, json, out) -> MediumLookWords.map(client, get("media", medium, "map"), json, out));
  }

  @Command(
      description = {
        "Looks for damage in a hard disk's image; nothing is changed. While a machine writes to it, the file is"
            + " checked as it is on disk, and for damage only.",
        ""
      },
      exitCodeListHeading = "%nExit status:%n",
      exitCodeList = {
        "0:the image is whole",
        "1:it was not checked: it is missing, cannot be read, or is no VDI image",
        "2:the command line is wrong",
        "3:it is damaged"
      })
  int check(@Mixin ServerOptions server, @Parameters(paramLabel = MEDIUM) MediumReference medium)
      throws IOException {
    var status = new int[1];
    server.talk(
        (client, json, out) -> {
          JsonObject report = client.send(get("media", medium, "check"));
          out.println(json ? report.encode() : MediumLookWords.report(report));
          out.flush();
          if ("damaged".equals(report.getString("status"))) status[0] = ImageCheckCommand.DAMAGED;
        });
    return status[0];
  }

  @Command(
      description = "Merges a medium into another one of its chain; the merged medium disappears.")
  int merge(
      @Mixin ServerOptions server,
      @Mixin DryRunOption dryRun,
      @Mixin JobOption job,
      @Parameters(paramLabel = "SOURCE") MediumReference source,
      @Parameters(paramLabel = "TARGET") MediumReference target)
      throws IOException {
    return server.run(
        dryRun.of(
            post("media", source, "merge").body(new JsonObject().put("target", target.text()))),
        job.waits());
  }

  @Command(sortOptions = false, description = "Copies what a medium shows into a new base.")
  int clone(
      @Mixin ServerOptions server,
      @Mixin JobOption job,
      @Mixin Form form,
      @Option(
              names = "--stream-optimized",
              description =
                  "Make a compressed VMDK image (streamOptimized), as appliances have. It can only be read.")
          boolean streamOptimized,
      @Parameters(paramLabel = MEDIUM) MediumReference medium,
      @Parameters(paramLabel = "FILE", description = "The image to make.") Path file)
      throws IOException {
    JsonObject body = streamOptimized ? form.streamOptimized(file) : form.json(file);
    return server.run(post("media", medium, "clone").body(body), job.waits());
  }

  private enum LockKind {
    READ("Read"),
    WRITE("Write");

    private final String text;

    LockKind(String text) {
      this.text = text;
    }
  }

  @Command(
      description =
          "Locks a medium for reading or writing until it is released; prints the lock's id.")
  int lock(
      @Mixin ServerOptions server,
      @Parameters(paramLabel = MEDIUM) MediumReference medium,
      @Option(
              names = "--kind",
              paramLabel = "Read|Write",
              defaultValue = "Write",
              description = "What the lock is for (Write).")
          LockKind kind)
      throws IOException {
    return server.ask(
        post("media", medium, "locks").body(new JsonObject().put("kind", kind.text)),
        (lock, _) -> lock.getString("id"));
  }

  @Command(description = "Releases a lock of a medium.")
  int unlock(@Mixin ServerOptions server, @Parameters(paramLabel = "LOCK") String lock)
      throws IOException {
    return server.tell(ApiRequest.delete("locks", lock));
  }

  private static JsonObject location(Path file) {
    return new JsonObject().put("location", MediumReference.absolute(file));
  }
}
