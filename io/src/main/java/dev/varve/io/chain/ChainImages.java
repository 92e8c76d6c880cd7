package dev.varve.io.chain;

import static java.util.Objects.requireNonNull;

import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.MediumVariant;
import dev.varve.io.file.ImageInUseException;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.host.RawLayer;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerFacts;
import dev.varve.io.layer.LayerFormat;
import dev.varve.io.vdi.VdiFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Opens the images of a chain, each after a look whether it belongs on the one below it, and puts
 * right what a crash left in them. Stateless; any thread; blocks.
 */
final class ChainImages {

  private static final System.Logger LOG = System.getLogger(ChainImages.class.getName());

  private ChainImages() {}

  /**
   * Opens and checks images, and adds each to {@code images}, from which the caller closes them if
   * this fails.
   *
   * @param allGrow whether images below the top may be written later
   * @param files opens what is only read
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

  /**
   * Puts right what a crash left in images of a chain that is about to be written, the parents too:
   * VirtualBox may be the next program that opens them. Where this cannot be done, the images are
   * used as they are.
   */
  static void putRight(List<? extends Layer> images) {
    for (Layer image : images) putRight(image);
  }

  /** The same of an image that is about to become a parent. */
  static void putRight(Image image) {
    try (Layer opened = open(image, false, false, new SharedFiles())) {
      putRight(opened);
    } catch (IOException _) {
      // Another process has it open and puts it right; or the next reader finds out why it fails.
    }
  }

  private static void putRight(Layer image) {
    try {
      image.putRight();
    } catch (ImageInUseException _) {
      // Another disk shows it too: it is put right when that is closed.
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "{0} counts more or fewer allocated blocks than it has, as a crash leaves it, and could"
              + " not be corrected. Run ''varve image check --repair'' before VirtualBox opens it:"
              + " {1}",
          image.name(),
          e.getMessage());
    }
  }

  // ---- whether they belong together

  /**
   * Gives a raw base the id that its first child has for it, once that is open.
   *
   * @param images base first
   * @param child the file of the uppermost
   * @throws ChainException the base is smaller than its child: it is not what that was made on
   */
  static void nameRawBase(List<Layer> images, Path child) throws ChainException {
    if (images.size() != 2 || !(images.getFirst() instanceof RawLayer base)) return;
    LayerFacts facts = images.getLast().facts();
    checkOnRaw(Path.of(base.name()), base.facts(), child, facts);
    images.set(0, base.named(requireNonNull(facts.parent())));
  }

  /**
   * Whether a child can lie on a raw base, which says nothing of itself.
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
          "the raw image %s has %d bytes, and %s was made on one of %d: it was cut, or is another"
              .formatted(base, baseFacts.capacity(), child, childFacts.capacity()));
    }
  }

  static void checkParent(List<? extends Layer> images, int index) throws VdiFormatException {
    Layer image = images.get(index);
    LayerFacts facts = image.facts();
    if (index == 0) {
      if (facts.parent() != null) {
        throw new VdiFormatException(
            image.name(),
            "parent uuid",
            facts.parent(),
            "a chain begins with an image that has no parent",
            "name the parent, or the folder that it is in, too");
      }
      return;
    }
    Layer below = images.get(index - 1);
    if (facts.parent() == null || !facts.parent().equals(below.facts().id())) {
      throw new VdiFormatException(
          image.name(),
          "parent uuid",
          facts.parent() == null ? "none" : facts.parent(),
          "the image below it, " + below.name() + ", has uuid " + below.facts().id(),
          "name the images of one chain, base first");
    }
    if (facts.variant() == MediumVariant.FIXED) {
      throw new VdiFormatException(
          image.name(),
          "image type",
          facts.kind(),
          "only a base can be fixed",
          "name the images of one chain, base first");
    }
  }
}
