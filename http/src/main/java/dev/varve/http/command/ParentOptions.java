package dev.varve.http.command;

import dev.varve.core.medium.OtherFormatException;
import dev.varve.io.chain.ChainFinder;
import dev.varve.io.chain.ChainFinder.FoundChain;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options for the images below an image: where parents are, and what a listed base is. */
@CommandLineOnly
final class ParentOptions {

  @Option(
      names = "--search",
      paramLabel = "FOLDER",
      description = "Another folder to search for parents; may be repeated.")
  private List<Path> searchFolders = List.of();

  @Option(
      names = "--base-format",
      paramLabel = DiskFormat.ALL,
      description =
          "The format of the first image of --chain (detected from its contents); raw: its bytes are the bytes of the disk,"
              + " even if they look like another format.")
  private @Nullable DiskFormat baseFormat;

  boolean areSearched() {
    return !searchFolders.isEmpty();
  }

  /** Finds parents of images. */
  ChainFinder finder() {
    return new ChainFinder(searchFolders);
  }

  FoundChain listed(ListedChain chain) throws IOException {
    try {
      return baseFormat == null || chain.paths().size() == 1
          ? ChainFinder.listed(chain.paths())
          : ChainFinder.listed(baseFormat.image(), chain.paths());
    } catch (OtherFormatException e) {
      throw e.or("if its bytes are nevertheless the bytes of a disk, use --base-format raw");
    }
  }
}
