package dev.varve.io.chain;

import dev.varve.core.medium.ImageChain;
import dev.varve.io.file.ImageInUseException;
import dev.varve.io.file.MappedFile;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.storage.ReaderEpochs;
import dev.varve.io.vdi.ImageType;
import dev.varve.io.vdi.VdiFormatException;
import dev.varve.io.vdi.VdiHeader;
import dev.varve.io.vdi.VdiImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/**
 * Opens the images of a chain, each after a look whether it belongs on the one below it, and puts
 * right what a crash left in them.
 */
final class ChainImages {

  private static final System.Logger LOG = System.getLogger(ChainImages.class.getName());

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
          i == 0 && chain.base().isRaw()
              ? RawBase.open(paths, false)
              : open(paths.get(i), writable, writable || allGrow, files));
      checkParent(images, i);
    }
    if (!readOnly) putRight(images);
  }

  /**
   * Puts right what a crash left in images of a chain that is about to be written, the parents too:
   * VirtualBox may be the next program that opens them. Where this cannot be done, the images are
   * used as they are.
   */
  static void putRight(List<VdiImage> images) {
    for (VdiImage image : images) {
      if (!image.isRaw()) putRight(image);
    }
  }

  /** The same of an image that is about to become a parent. */
  static void putRight(Path path) {
    try (VdiImage image = VdiImage.openReadOnly(MappedFile.openReadOnly(path, 0))) {
      putRight(image);
    } catch (IOException _) {
      // In use: then its user does it. Or not to be opened, which whoever reads it will be told.
    }
  }

  private static void putRight(VdiImage image) {
    try {
      if (image.hasAllocator()) correctCount(image);
      else if (image.hasLeftovers()) putRightParent(image);
    } catch (ImageInUseException _) {
      // Others show it too: it is put right when they are closed.
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "{0} counts more or fewer allocated blocks than it has, as a crash leaves it, and could"
              + " not be corrected. Run ''varve image check --repair'' before VirtualBox opens it:"
              + " {1}",
          image.file().name(),
          e.getMessage());
    }
  }

  private static void putRightParent(VdiImage image) throws IOException {
    image.file().allowWriting();
    try {
      image.allowWriting();
      correctCount(image);
      placesOf(image).cutFile();
    } finally {
      image.file().onlyRead();
    }
  }

  private static void correctCount(VdiImage image) throws IOException {
    int counted = image.writtenHeader().allocatedBlocks();
    int used = image.allocator().count() - image.allocator().unusedCount();
    if (!DenseFile.correctCount(image, placesOf(image))) return;
    LOG.log(
        System.Logger.Level.INFO,
        "{0} counted {1} allocated blocks and had {2}, as a crash leaves it: corrected",
        image.file().name(),
        counted,
        used);
  }

  private static Places placesOf(VdiImage image) {
    return new Places(image, new Object(), new ReaderEpochs());
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
