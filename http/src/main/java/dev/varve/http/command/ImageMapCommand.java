package dev.varve.http.command;

import dev.varve.core.device.JoinedExtents;
import dev.varve.core.device.JoinedExtents.Extent;
import dev.varve.core.device.Stages;
import dev.varve.http.api.ExtentJson;
import dev.varve.http.log.PrintableText;
import dev.varve.io.chain.ChainFinder.FoundChain;
import dev.varve.io.chain.DifferencingChain;
import dev.varve.io.chain.DiskExtents;
import dev.varve.io.storage.StorageThreads;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code varve image map}: shows which image of a chain holds which part of the disk. */
@Command(
    name = "map",
    sortOptions = false,
    description = {
      "Shows which image holds which part of a disk.",
      "",
      "depth 1 is the youngest image, 2 its parent, and so on; at depth 0 no image holds anything and the disk reads"
          + " as zeroes.",
      ""
    })
final class ImageMapCommand implements Callable<Integer> {

  private static final int THREADS = 2;

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "IMAGE", arity = "0..1", description = "The youngest image of the disk.")
  private @Nullable Path leaf;

  @Mixin private ChainOptions chain;

  @Mixin private AnswerOptions answer;

  @Override
  public Integer call() throws IOException {
    chain.check(spec, leaf);
    ServedImage.use(
        () -> map(chain.find(leaf)),
        "'varve medium map' asks it for a machine's disk, and 'nbdinfo --map=qemu:allocation-depth URI' for any that it serves");
    return 0;
  }

  private void map(FoundChain found) throws IOException {
    try (var threads = new StorageThreads(THREADS)) {
      var device = DifferencingChain.open(found.chain(), true, threads);
      try {
        if (answer.isJson()) printJson(found, device);
        else printText(found, device);
      } finally {
        Stages.join(device.close());
      }
    }
  }

  private void printText(FoundChain found, DifferencingChain device) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    found
        .warnings()
        .forEach(
            warning -> spec.commandLine().getErr().println("varve: " + PrintableText.of(warning)));
    out.printf("%20s %20s %5s  %-4s  %s%n", "offset", "length", "depth", "is", "file");
    each(
        device,
        extent ->
            out.printf(
                "%20d %20d %5d  %-4s  %s%n",
                extent.offset(),
                extent.length(),
                extent.depth(),
                extent.zero() ? "zero" : "data",
                extent.depth() == 0 ? "" : ExtentJson.fileOf(extent, found.paths())));
    out.flush();
  }

  /** One object, written as the extents come: there can be millions. */
  private void printJson(FoundChain found, DifferencingChain device) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    var images = new JsonArray();
    found.paths().forEach(path -> images.add(path.toString()));
    var head =
        new JsonObject()
            .put("capacity", device.capacity())
            .put("images", images)
            .put("warnings", new JsonArray(found.warnings()))
            .encode();
    out.print(head.substring(0, head.length() - 1) + ",\"extents\":[");
    var separator = new String[] {"\n"};
    each(
        device,
        extent -> {
          out.print(separator[0] + ExtentJson.of(extent, found.paths()).encode());
          separator[0] = ",\n";
        });
    out.println("\n]}");
    out.flush();
  }

  private static void each(DifferencingChain device, Consumer<Extent> consumer) throws IOException {
    var extents = new JoinedExtents(0, Long.MAX_VALUE, consumer);
    DiskExtents.of(device, 0, extents);
    extents.end();
  }
}
