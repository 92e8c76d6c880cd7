package dev.varve.io.chain;

import dev.varve.core.medium.ImageChain;
import dev.varve.io.file.MappedFile;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.vdi.ImageType;
import dev.varve.io.vdi.VdiFormatException;
import dev.varve.io.vdi.VdiHeader;
import dev.varve.io.vdi.VdiImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/** Opens the images of a chain, each after a look whether it belongs on the one below it. */
final class ChainImages {

  private ChainImages() {}

  /**
   * Opens and checks images, and adds each to {@code images}, from which the caller closes them if
   * this fails.
   *
   * @param chain of several images, if the base is raw
   * @param allGrow whether images below the top may be written later
   * @param files opens what is only read
   */
  static void open(
      List<VdiImage> images, ImageChain chain, boolean readOnly, boolean allGrow, SharedFiles files)
      throws IOException {
    List<Path> paths = chain.files();
    for (int i = 0; i < paths.size(); i++) {
      boolean writable = !readOnly && i == paths.size() - 1;
      images.add(
          i == 0 && chain.onRaw()
              ? RawBase.open(paths, false)
              : open(paths.get(i), writable, writable || allGrow, files));
      checkParent(images, i);
    }
  }

  static VdiImage open(Path path, boolean writable, boolean grows) throws IOException {
    return open(path, writable, grows, new SharedFiles());
  }

  private static VdiImage open(Path path, boolean writable, boolean grows, SharedFiles files)
      throws IOException {
    long reach = grows ? reach(path) : 0;
    return writable
        ? VdiImage.openReadWrite(MappedFile.openReadWrite(path, reach))
        : VdiImage.openReadOnly(files.openReadOnly(path, reach));
  }

  /** How long the file can become: every block in its place. */
  private static long reach(Path path) throws IOException {
    VdiHeader header = VdiHeader.peek(path);
    return header.blockOffset(header.blockCount());
  }

  static void checkParent(List<VdiImage> images, int index) throws VdiFormatException {
    VdiImage image = images.get(index);
    UUID parent = image.header().parentUuid();
    if (index == 0) {
      if (!parent.equals(VdiHeader.NO_UUID)) {
        throw new VdiFormatException(
            image.file().name(),
            "parent uuid",
            parent,
            "a chain begins with an image that has no parent",
            "name the parent, or the folder that it is in, too");
      }
      return;
    }
    VdiImage below = images.get(index - 1);
    if (!parent.equals(below.header().uuid())) {
      throw new VdiFormatException(
          image.file().name(),
          "parent uuid",
          parent,
          "the image below it, " + below.file().name() + ", has uuid " + below.header().uuid(),
          "name the images of one chain, base first");
    }
    if (image.header().type() == ImageType.FIXED) {
      throw new VdiFormatException(
          image.file().name(),
          "image type",
          image.header().type(),
          "only a base can be fixed",
          "name the images of one chain, base first");
    }
  }
}
