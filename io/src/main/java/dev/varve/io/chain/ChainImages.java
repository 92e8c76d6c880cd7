package dev.varve.io.chain;

import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.io.file.ImageInUseException;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerFacts;
import dev.varve.io.layer.LayerFormat;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Opens the images of a chain after checking that each belongs on the one below it, and repairs
 * what a crash left in them. Stateless; any thread; blocks.
 */
final class ChainImages {

  private static final System.Logger LOG = System.getLogger(ChainImages.class.getName());

  private ChainImages() {}

  /**
   * Opens and checks the images, and adds each to {@code images}. Only after that, what a crash
   * left is repaired: a chain that is refused stays as it is. If this fails, the caller closes the
   * images in that list.
   *
   * @param allGrow whether images below the top may be written later
   * @param files opens the images that are only read
   */
  static void open(
      List<Layer> images, ImageChain chain, boolean readOnly, boolean allGrow, SharedFiles files)
      throws IOException {
    int top = chain.images().size() - 1;
    for (int i = 0; i <= top; i++) {
      boolean writable = !readOnly && i == top;
      images.add(open(chain.images().get(i), writable, writable || allGrow, files));
      checkParent(images, chain, i);
    }
    if (readOnly) return;
    images.getLast().mend();
    putRight(images);
  }

  /**
   * The same for work on images that nothing serves.
   *
   * @param written the place of the image that will be written, counted from the base
   */
  static void openForWork(List<Layer> images, ImageChain chain, int written) throws IOException {
    for (int i = 0; i < chain.images().size(); i++) {
      images.add(open(chain.images().get(i), i == written, false, new SharedFiles()));
      checkParent(images, chain, i);
    }
    images.get(written).mend();
  }

  /** Checks that an image belongs on the one below it, or is a base if there is none. */
  private static void checkParent(List<? extends Layer> images, ImageChain chain, int index)
      throws IOException {
    Layer image = images.get(index);
    if (index == 0) {
      Ancestry.checkBase(image.name(), image.facts());
      return;
    }
    Layer below = images.get(index - 1);
    LayerFacts parent = Ancestry.registered(below.facts(), chain.images().get(index - 1));
    Ancestry.checkPair(image.name(), image.facts(), below.name(), parent);
  }

  static Layer open(Image image, boolean writable, boolean grows, SharedFiles files)
      throws IOException {
    LayerFormat format = Formats.of(image.format(), image.file());
    return writable
        ? format.openReadWrite(image.file(), grows)
        : format.openReadOnly(image.file(), grows, files);
  }

  /** Closes all of them; returns the first failure. */
  static @Nullable Throwable close(List<? extends Layer> images) {
    Throwable failure = null;
    for (Layer image : images) {
      try {
        image.close();
      } catch (Throwable e) {
        if (failure == null) failure = e;
      }
    }
    return failure;
  }

  /** The same, and fails if that does. */
  static void closeAll(List<? extends Layer> images) throws IOException {
    Throwable failure = close(images);
    if (failure != null) throw failure instanceof IOException e ? e : new IOException(failure);
  }

  /** Closes images whose opening failed, which is the failure that counts. */
  static void closeAfter(Throwable failure, List<? extends Layer> images) {
    Throwable also = close(images);
    if (also != null) failure.addSuppressed(also);
  }

  /**
   * Repairs what a crash left in the images of a chain that is about to be written. Parents are
   * repaired too, since VirtualBox may be the next program that opens them. An image that cannot be
   * repaired is used as it is.
   */
  static void putRight(List<? extends Layer> images) {
    for (Layer image : images) putRight(image);
  }

  /** The same for an image that is about to become a parent. */
  static void putRight(Image image) {
    try (Layer opened = open(image, false, false, new SharedFiles())) {
      putRight(opened);
    } catch (IOException _) {
      // Another process has it open and repairs it; or the next reader reports why it fails.
    }
  }

  private static void putRight(Layer image) {
    try {
      image.putRight();
    } catch (ImageInUseException _) {
      // Another disk uses it too: it is repaired when that disk is closed.
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "{0} was not closed, as after a crash, and what that left could not be put right."
              + " Run ''varve image check --repair'' before VirtualBox opens it:"
              + " {1}",
          image.name(),
          e.getMessage());
    }
  }
}
