package dev.varve.http.command;

import dev.varve.io.chain.ChainFinder.FoundChain;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options that name the images of a disk. */
final class ChainOptions {

  @Mixin private ParentOptions parents;

  @Option(
      names = "--chain",
      paramLabel = "BASE,...,IMAGE",
      converter = ListedChain.Converter.class,
      description =
          "All images of the disk, base first, instead of IMAGE; a comma in a name is written '\\,'.")
  private @Nullable ListedChain chain;

  /** Whether the images are listed, so that the command line names no other image. */
  boolean isListed() {
    return chain != null;
  }

  /** Either {@code leaf} is named or a chain is listed; anything else is wrong usage. */
  void check(CommandSpec command, @Nullable Path leaf) {
    if ((leaf == null) != isListed())
      throw new ParameterException(
          command.commandLine(),
          leaf == null
              ? "no image is given: name an IMAGE, or list the images with --chain"
              : "--chain lists all images of the disk: remove it, or the IMAGE");
  }

  /** The listed chain, or the one whose top is {@code leaf}. */
  FoundChain find(@Nullable Path leaf) throws IOException {
    if (chain != null) return parents.listed(chain);
    if (leaf == null) throw new IllegalArgumentException("name an image");
    return parents.finder().find(leaf);
  }
}
