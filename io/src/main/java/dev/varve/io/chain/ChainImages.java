package dev.varve.io.chain;

import static java.util.Objects.requireNonNull;

import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.MediumVariant;
import dev.varve.io.file.ImageInUseException;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.host.RawLayer;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerFacts;
import dev.varve.io.layer.LayerFormat;
import java.io.IOException;
import java.nio.file.Path;
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
   * Opens and checks the images, and adds each to {@code images}. If this fails, the caller closes
   * the images in that list.
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
      nameRawBase(images, chain.images().get(i).file());
      checkParent(images, i);
    }
    if (!readOnly) putRight(images);
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
          "{0} counts more or fewer allocated blocks than it has, as after a crash, and could"
              + " not be corrected. Run ''varve image check --repair'' before VirtualBox opens it:"
              + " {1}",
          image.name(),
          e.getMessage());
    }
  }

  // ---- whether they belong together

  /**
   * Gives a raw base the id that its first child has for it. The child is open already.
   *
   * @param images base first
   * @param child the file of the uppermost
   * @throws ChainException the base is smaller than its child, so the child was made on another
   *     base
   */
  static void nameRawBase(List<Layer> images, Path child) throws ChainException {
    if (images.size() != 2 || !(images.getFirst() instanceof RawLayer base)) return;
    LayerFacts facts = images.getLast().facts();
    checkOnRaw(Path.of(base.name()), base.facts(), child, facts);
    images.set(0, base.named(requireNonNull(facts.parent())));
  }

  /**
   * Checks that a child can lie on a raw base. A raw base stores no id, so only the sizes are
   * compared.
   *
   * @throws ChainException it cannot
   */
  static void checkOnRaw(Path base, LayerFacts baseFacts, Path child, LayerFacts childFacts)
      throws ChainException {
    if (!childFacts.isDifferencing() || childFacts.parent() == null) {
      throw new ChainException(
          "%s has no parent and cannot lie above the raw image %s; name the images of one chain, base first"
              .formatted(child, base));
    }
    if (baseFacts.capacity() < childFacts.capacity()) {
      throw new ChainException(
          "the raw image %s has %d bytes, but %s was made on one of %d bytes: the file was truncated, or is not the same image"
              .formatted(base, baseFacts.capacity(), child, childFacts.capacity()));
    }
  }

  static void checkParent(List<? extends Layer> images, int index) throws ImageFormatException {
    Layer image = images.get(index);
    LayerFacts facts = image.facts();
    if (index == 0) {
      if (facts.parent() != null) {
        throw new ImageFormatException(
            image.name(),
            "parent uuid",
            facts.parent(),
            "a chain begins with an image that has no parent",
            "also name the parent, or its folder");
      }
      return;
    }
    Layer below = images.get(index - 1);
    if (facts.parent() == null || !facts.parent().equals(below.facts().id())) {
      throw new ImageFormatException(
          image.name(),
          "parent uuid",
          facts.parent() == null ? "none" : facts.parent(),
          "the image below it, " + below.name() + ", has uuid " + below.facts().id(),
          "name the images of one chain, base first");
    }
    if (facts.variant() == MediumVariant.FIXED) {
      throw new ImageFormatException(
          image.name(),
          "image type",
          facts.kind(),
          "only a base can be fixed",
          "name the images of one chain, base first");
    }
  }
}
