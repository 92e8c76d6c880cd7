package dev.varve.http.command;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumVariant;
import dev.varve.http.log.PrintableText;
import dev.varve.io.chain.Formats;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.image.ImageName;
import dev.varve.io.image.KnownFormat;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerFacts;
import dev.varve.io.layer.LayerFormat;
import dev.varve.io.vdi.NewImage;
import dev.varve.io.vdi.NewImageWarnings;
import dev.varve.io.vdi.VdiCreator;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code varve image create}: makes an empty disk, or a child of an image. */
@Command(
    name = "create",
    sortOptions = false,
    description = {
      "Creates an image: a base of --capacity, or a differencing image on top of --parent.",
      "",
      "When it returns, the image is on the medium and survives a power cut. An existing file is never overwritten.",
      ""
    })
final class ImageCreateCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "FILE", description = "The image to create.")
  private Path file;

  @Option(
      names = {"--capacity", "--size"},
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description = "What a guest sees, such as 20G; the parent's if there is one.")
  private @Nullable Long capacity;

  @Option(
      names = "--parent",
      paramLabel = "IMAGE",
      description =
          "Create a differencing image on top of IMAGE. No program may be writing to IMAGE.")
  private @Nullable Path parent;

  @Option(
      names = "--format",
      paramLabel = "vdi|vmdk|vhd",
      description =
          "The format of FILE (detected from its name; otherwise that of the parent, if Varve makes such images, or vdi).")
  private @Nullable DiskFormat format;

  @Mixin private NewImageOptions options;

  @Mixin private AnswerOptions answer;

  @Override
  public Integer call() throws IOException {
    LayerFormat made = Formats.toMake(checkedFormat().image());
    if (parent == null) createBase(made);
    else createChild(made, parent);
    JsonObject facts = ImageFacts.of(file);
    answer.print(spec.commandLine().getOut(), () -> facts, () -> ImageFacts.text(facts));
    return 0;
  }

  /** The format of the new image, if that fits its name and the options. */
  private DiskFormat checkedFormat() throws IOException {
    if (KnownFormat.isNamedRaw(file))
      throw wrong(
          "'%s' is a name for a raw disk, but this command makes images: name it .vdi, or make an empty raw disk with 'truncate -s SIZE FILE'"
              .formatted(file));
    DiskFormat made = format == null ? usualFormat() : format;
    if (!made.image().canDiffer())
      throw wrong(
          "--format %s: this command makes images of vdi, vmdk and vhd".formatted(made.text()));
    String problem = ImageName.problem(file, made.image());
    if (problem != null) throw wrong(problem);
    options.checkFor(spec, made);
    return made;
  }

  private DiskFormat usualFormat() throws IOException {
    DiskFormat named = DiskFormat.named(file);
    if (named != null && named.image().canDiffer()) return named;
    if (parent == null || named != null) return DiskFormat.VDI;
    LayerFacts below = Formats.ofImage(parent).peek(parent);
    boolean alike = below.variant() != MediumVariant.STREAM_OPTIMIZED;
    DiskFormat like = DiskFormat.of(below.format());
    return alike && like != null && like.image().canDiffer() ? like : DiskFormat.VDI;
  }

  private void createBase(LayerFormat made) throws IOException {
    if (capacity == null) throw wrong("the size of the disk is missing: give it with --capacity");
    if (made.format() == ImageFormat.VDI) {
      VdiCreator.create(file, options.base(spec, capacity));
    } else {
      try {
        made.createBase(file, options.id(), options.isFixed(), capacity, Announcement.UNHEARD);
      } catch (IllegalArgumentException e) {
        throw wrong(String.valueOf(e.getMessage()));
      }
    }
    warn(NewImageWarnings.ofBase(made.peek(file).capacity()));
  }

  /** The parent stays locked against writers until the child is there. */
  private void createChild(LayerFormat made, Path parent) throws IOException {
    if (options.isFixed()) throw wrong("--fixed: a differencing image cannot be fixed");
    try (Layer lock = Formats.ofImage(parent).openReadOnly(parent, false, new SharedFiles())) {
      EncryptedImages.refuse(parent, lock.facts().id());
      LayerFacts below = named(lock.facts());
      if (made.format() == ImageFormat.VDI) {
        NewImage child = options.apply(spec, () -> childOf(below));
        warn(NewImageWarnings.ofChild(VdiCreator.createChild(file, child, parent), below));
      } else {
        if (capacity != null && capacity != below.capacity())
          throw wrong("--capacity: only a VDI image can have another size than its parent");
        made.createChild(file, options.id(), parent, below);
        warn(NewImageWarnings.ofBase(below.capacity()));
      }
      if (!Objects.equals(folderOf(file), folderOf(parent)))
        warn(
            List.of(
                "the parent is in another folder: name its folder with --search. The parent is "
                    + parent));
    }
  }

  /** A parent that keeps no uuid gets one in its child, which nothing else knows. */
  private LayerFacts named(LayerFacts parent) {
    if (parent.id() != null) return parent;
    warn(
        List.of(
            "the parent is a %s image without a uuid and cannot be found by one: name the whole chain with --chain"
                .formatted(parent.format())));
    return parent.withId(UUID.randomUUID());
  }

  private void warn(List<String> warnings) {
    PrintWriter err = spec.commandLine().getErr();
    warnings.forEach(warning -> err.println("varve: warning: " + PrintableText.of(warning)));
    err.flush();
  }

  private NewImage childOf(LayerFacts parent) {
    NewImage child = NewImage.childOf(parent, UUID::randomUUID);
    return capacity == null ? child : child.withCapacity(capacity);
  }

  private static @Nullable Path folderOf(Path image) {
    return image.toAbsolutePath().normalize().getParent();
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
