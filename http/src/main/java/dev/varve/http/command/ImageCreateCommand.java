package dev.varve.http.command;

import dev.varve.io.file.MappedFile;
import dev.varve.io.image.ImageName;
import dev.varve.io.image.KnownFormat;
import dev.varve.io.vdi.NewImage;
import dev.varve.io.vdi.NewImageWarnings;
import dev.varve.io.vdi.VdiCreator;
import dev.varve.io.vdi.VdiHeader;
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

  @Mixin private NewImageOptions options;

  @Option(
      names = "--output",
      paramLabel = "text|json",
      defaultValue = "TEXT",
      description = "How to print what was created (text).")
  private OutputFormat output;

  @Override
  public Integer call() throws IOException {
    checkName();
    if (parent == null) createBase();
    else createChild(parent);
    JsonObject facts = ImageFacts.ofVdi(file);
    PrintWriter out = spec.commandLine().getOut();
    out.println(output == OutputFormat.JSON ? facts.encode() : ImageFacts.text(facts));
    out.flush();
    return 0;
  }

  private void checkName() {
    if (KnownFormat.isNamedRaw(file))
      throw wrong(
          "'%s' is a name for a raw disk, but this command makes VDI images: name it .vdi, or make an empty raw disk with 'truncate -s SIZE FILE'"
              .formatted(file));
    String problem = ImageName.problem(file, false);
    if (problem != null) throw wrong(problem);
  }

  private void createBase() throws IOException {
    if (capacity == null) throw wrong("the size of the disk is missing: give it with --capacity");
    VdiHeader created = VdiCreator.create(file, options.base(spec, capacity));
    warn(NewImageWarnings.ofBase(created.capacity()));
  }

  /** The parent stays locked against writers until the child is there. */
  private void createChild(Path parent) throws IOException {
    if (options.isFixed()) throw wrong("--fixed: a differencing image cannot be fixed");
    try (var lock = MappedFile.openReadOnly(parent, 0)) {
      VdiHeader below = VdiHeader.read(lock);
      EncryptedImages.refuse(parent, below.uuid());
      NewImage child = options.apply(spec, () -> childOf(below));
      VdiHeader created = VdiCreator.createChild(file, child, parent);
      warn(NewImageWarnings.ofChild(created, below));
      if (!Objects.equals(folderOf(file), folderOf(parent)))
        warn(
            List.of(
                "the parent is in another folder: name its folder with --search. The parent is "
                    + parent));
    }
  }

  private void warn(List<String> warnings) {
    PrintWriter err = spec.commandLine().getErr();
    warnings.forEach(warning -> err.println("varve: warning: " + warning));
    err.flush();
  }

  private NewImage childOf(VdiHeader parent) {
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
