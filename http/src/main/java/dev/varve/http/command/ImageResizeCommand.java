package dev.varve.http.command;

import dev.varve.http.log.PrintableText;
import dev.varve.io.chain.ChainFinder.FoundChain;
import dev.varve.io.chain.DiskGrowth;
import dev.varve.io.vdi.NewImageWarnings;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code varve image resize}: makes the disk in an image larger. */
@Command(
    name = "resize",
    sortOptions = false,
    description = {
      "Makes the disk in an image larger; the added part reads as zeroes.",
      "",
      "IMAGE is the youngest image of the disk: images that build on it would keep the old size. A disk never gets"
          + " smaller. The partitions in it stay as they are: enlarge them in the guest. A crash in the middle"
          + " leaves the old size or the new one.",
      ""
    })
final class ImageResizeCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "IMAGE", arity = "0..1", description = "The youngest image of the disk.")
  private @Nullable Path leaf;

  @Option(
      names = {"--capacity", "--size"},
      required = true,
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description = "What a guest will see, such as 40G.")
  private Long capacity;

  @Mixin private ChainOptions chain;

  @Mixin private AnswerOptions answer;

  @Override
  public Integer call() throws IOException {
    chain.check(spec, leaf);
    if (leaf != null && DiskFormat.of(leaf) == DiskFormat.RAW)
      throw new IOException(
          "%s is a raw file, and this command resizes images: use 'truncate -s SIZE FILE' while no program uses it"
              .formatted(leaf));
    FoundChain found = chain.find(leaf);
    found.warnings().forEach(this::warn);
    EncryptedImages.refuse(found);
    ServedImage.use(
        () -> new DiskGrowth(found.chain(), capacity).run(),
        "'varve medium resize' resizes the disk of a machine that is off");
    NewImageWarnings.ofBase(capacity).forEach(this::warn);
    JsonObject facts = ImageFacts.of(found.leaf().path());
    answer.print(spec.commandLine().getOut(), () -> facts, () -> ImageFacts.text(facts));
    return 0;
  }

  private void warn(String warning) {
    spec.commandLine().getErr().println("varve: warning: " + PrintableText.of(warning));
  }
}
