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
        paramLabel = "VDI|RAW",
        defaultValue = "VDI",
        description = "How its file holds the disk (VDI).")
    private DiskFormat format;

    @Option(
        names = "--variant",
        paramLabel = "Standard|Fixed",
        defaultValue = "Standard",
        description =
            "Grows with what is written, or has all its space from the beginning (Standard).")
    private MediumVariant variant;

    JsonObject json(Path file) {
      return location(file).put("format", format.name()).put("variant", variant.text());
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
                      + " deleted. They keep snapshots from being deleted.")
          boolean unused)
      throws IOException {
    return server.ask(
        get("media")
            .query("device", device == null ? null : device.text())
            .query("unused", unused ? true : null),
        MediumWords::media);
  }

  @Command(description = "Shows a medium, who uses it and who holds it.")
  int show(
      @Mixin ServerOptions server,
      @Parameters(paramLabel = MEDIUM, converter = MediumReference.Converter.class)
          MediumReference medium)
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

  @Command(sortOptions = false, description = "Registers an image that is there.")
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
              paramLabel = "VDI|RAW",
              description =
                  "RAW: its bytes are those of the disk, whatever they look like (told from its contents).")
          @Nullable DiskFormat format)
      throws IOException {
    JsonObject body = location(file).put("device", device.text());
    if (format != null) body.put("format", format.name());
    return server.ask(post("media", "open").body(body), MediumWords::medium);
  }

  @Command(description = "Forgets a medium that nothing uses; its file stays.")
  int close(
      @Mixin ServerOptions server,
      @Parameters(paramLabel = MEDIUM, converter = MediumReference.Converter.class)
          MediumReference medium)
      throws IOException {
    return server.tell(ApiRequest.delete("media", medium));
  }

  @Command(
      description = {
        "Forgets media that nothing uses, and deletes their files, one after the other until one cannot be deleted.",
        ""
      })
  int delete(
      @Mixin ServerOptions server,
      @Parameters(paramLabel = MEDIUM, arity = "1..*", converter = MediumReference.Converter.class)
          List<MediumReference> media)
      throws IOException {
    int status = 0;
    for (int i = 0; i < media.size() && status == 0; i++)
      status = server.tell(ApiRequest.delete("media", media.get(i)).query("deleteStorage", true));
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
      @Parameters(paramLabel = MEDIUM, converter = MediumReference.Converter.class)
          MediumReference medium,
      @ArgGroup(multiplicity = "1") Change change)
      throws IOException {
    return server.ask(patch("media", medium).body(change.json()), MediumWords::medium);
  }

  @Command(description = "Makes a differencing image on a medium.")
  int diff(
      @Mixin ServerOptions server,
      @Parameters(paramLabel = MEDIUM, converter = MediumReference.Converter.class)
          MediumReference medium,
      @Parameters(paramLabel = "FILE", description = "The image to make.") Path file)
      throws IOException {
    return server.ask(post("media", medium, "children").body(location(file)), MediumWords::medium);
  }

  @Command(description = "Empties a differencing image: it shows what its parent shows again.")
  int reset(
      @Mixin ServerOptions server,
      @Parameters(paramLabel = MEDIUM, converter = MediumReference.Converter.class)
          MediumReference medium)
      throws IOException {
    return server.ask(post("media", medium, "reset"), MediumWords::medium);
  }

  @Command(description = "Looks at a medium's file again.")
  int refresh(
      @Mixin ServerOptions server,
      @Parameters(paramLabel = MEDIUM, converter = MediumReference.Converter.class)
          MediumReference medium)
      throws IOException {
    return server.ask(post("media", medium, "refresh"), MediumWords::medium);
  }

  @Command(
      description = {
        "Shows which image holds which part of a hard disk, also while a machine runs on it.",
        "",
        "depth 1 is the medium itself, 2 its parent, and so on; at depth 0 no image holds anything and the disk reads"
            + " as zeroes.",
        ""
      })
  int map(
      @Mixin ServerOptions server,
      @Parameters(paramLabel = MEDIUM, converter = MediumReference.Converter.class)
          MediumReference medium)
      throws IOException {
    return server.talk(
        (client, json, out) -> MediumLookWords.map(client, get("media", medium, "map"), json, out));
  }

  @Command(
      description = {
        "Looks for damage in a hard disk's image, and changes nothing. While a machine writes to it, only damage is"
            + " looked for, in the file as it is on disk.",
        ""
      },
      exitCodeListHeading = "%nExit status:%n",
      exitCodeList = {
        "0:the image is whole",
        "1:it was not checked: it is missing, cannot be read, or is no VDI image",
        "2:the command line is wrong",
        "3:it is damaged"
      })
  int check(
      @Mixin ServerOptions server,
      @Parameters(paramLabel = MEDIUM, converter = MediumReference.Converter.class)
          MediumReference medium)
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

  @Command(description = "Merges a medium into another of its chain; it disappears.")
  int merge(
      @Mixin ServerOptions server,
      @Mixin JobOption job,
      @Parameters(paramLabel = "SOURCE", converter = MediumReference.Converter.class)
          MediumReference source,
      @Parameters(paramLabel = "TARGET", converter = MediumReference.Converter.class)
          MediumReference target)
      throws IOException {
    return server.run(
        post("media", source, "merge").body(new JsonObject().put("target", target.text())),
        job.waits());
  }

  @Command(sortOptions = false, description = "Copies what a medium shows into a new base.")
  int clone(
      @Mixin ServerOptions server,
      @Mixin JobOption job,
      @Mixin Form form,
      @Parameters(paramLabel = MEDIUM, converter = MediumReference.Converter.class)
          MediumReference medium,
      @Parameters(paramLabel = "FILE", description = "The image to make.") Path file)
      throws IOException {
    return server.run(post("media", medium, "clone").body(form.json(file)), job.waits());
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
          "Holds a medium, so that nobody uses it against the kind of the lock; prints the lock's id.")
  int lock(
      @Mixin ServerOptions server,
      @Parameters(paramLabel = MEDIUM, converter = MediumReference.Converter.class)
          MediumReference medium,
      @Option(
              names = "--kind",
              paramLabel = "Read|Write",
              defaultValue = "Write",
              description = "What the holder does (Write).")
          LockKind kind)
      throws IOException {
    return server.ask(
        post("media", medium, "locks").body(new JsonObject().put("kind", kind.text)),
        (lock, _) -> lock.getString("id"));
  }

  @Command(description = "Gives a medium free.")
  int unlock(@Mixin ServerOptions server, @Parameters(paramLabel = "LOCK") String lock)
      throws IOException {
    return server.tell(ApiRequest.delete("locks", lock));
  }

  private static JsonObject location(Path file) {
    return new JsonObject().put("location", MediumReference.absolute(file));
  }
}
