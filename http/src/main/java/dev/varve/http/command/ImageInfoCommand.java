package dev.varve.http.command;

import dev.varve.http.log.PrintableText;
import dev.varve.io.chain.ChainException;
import dev.varve.io.chain.ChainFinder.FoundChain;
import dev.varve.io.chain.Formats;
import dev.varve.io.chain.FoundImage;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code varve image info}: shows the headers of a chain. */
@Command(
    name = "info",
    sortOptions = false,
    description = {
      "Shows an image and all images below it, base first.",
      "",
      "Takes no lock: the images may be in use. Where a parent is missing, the image is shown and the exit status is 1.",
      ""
    })
final class ImageInfoCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "IMAGE", arity = "0..1", description = "The youngest image of the disk.")
  private @Nullable Path leaf;

  @Mixin private ChainOptions chain;

  @Mixin private AnswerOptions answer;

  @Override
  public Integer call() throws IOException {
    chain.check(spec, leaf);
    try {
      print(chain.find(leaf), null);
    } catch (ChainException e) {
      if (leaf == null) throw e;
      var alone = new FoundImage(leaf, Formats.ofImage(leaf).peek(leaf));
      print(new FoundChain(List.of(alone), List.of()), e.getMessage());
      throw e;
    }
    return 0;
  }

  private void print(FoundChain found, @Nullable String error) throws IOException {
    var images = new JsonArray();
    for (FoundImage image : found.images()) images.add(ImageFacts.of(image));
    PrintWriter out = spec.commandLine().getOut();
    if (answer.isJson()) {
      var all =
          new JsonObject()
              .put("capacity", found.leaf().facts().capacity())
              .put("images", images)
              .put("warnings", new JsonArray(found.warnings()));
      if (error != null) all.put("error", error);
      out.println(all.encode());
    } else {
      images.forEach(facts -> out.println(ImageFacts.text((JsonObject) facts)));
      found.warnings().forEach(warning -> out.println("warning: " + PrintableText.of(warning)));
    }
    out.flush();
  }
}
