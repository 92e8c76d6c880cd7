package dev.varve.io.vmdk;

import dev.varve.io.file.ImageFile;
import dev.varve.io.vmdk.header.ExtentLine;
import java.io.IOException;

/** Opens the extents that a descriptor names. Not thread-safe; blocks. */
@FunctionalInterface
public interface ExtentFiles {

  /** An image in one file has none. */
  ExtentFiles NONE =
      line -> {
        throw new IOException("the extent " + line.file() + " cannot be opened here");
      };

  /**
   * @return owned by the caller
   */
  ImageFile open(ExtentLine line) throws IOException;
}
