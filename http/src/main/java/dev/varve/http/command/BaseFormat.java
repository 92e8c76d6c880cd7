package dev.varve.http.command;

import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.OtherFormatException;
import dev.varve.io.chain.ChainFinder;
import dev.varve.io.chain.ChainFinder.FoundChain;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Opens a listed chain as {@code --base-format} says: whether its first image is a raw disk. */
final class BaseFormat {

  static final String DESCRIPTION =
      "The format of the first image of --chain (detected from its contents); raw: its bytes are the bytes of the disk,"
          + " even if they look like another format.";

  private BaseFormat() {}

  /**
   * @param format null: as the contents tell
   */
  static FoundChain listed(ListedChain chain, @Nullable DiskFormat format) throws IOException {
    try {
      return format == null || chain.paths().size() == 1
          ? ChainFinder.listed(chain.paths())
          : ChainFinder.listed(ImageChain.of(format.image(), chain.paths()));
    } catch (OtherFormatException e) {
      throw e.or("if its bytes are nevertheless the bytes of a disk, use --base-format raw");
    }
  }
}
