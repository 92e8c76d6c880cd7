package dev.varve.io.chain;

import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageFormat;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.layer.LayerFacts;
import java.io.IOException;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Whether images belong on top of each other. The order comes from the settings file, or from the
 * user; what the images say of themselves must not contradict it:
 *
 * <ul>
 *   <li>A child that keeps the id of its parent has it right. If the parent's file keeps none, the
 *       parent has the id under which it is registered. If it is not registered, the child is
 *       believed.
 *   <li>A child that only says that it has a parent lies on any image.
 *   <li>An image that says it has no parent is a base.
 * </ul>
 *
 * <p>Stateless; any thread.
 */
final class Ancestry {

  private Ancestry() {}

  /** The facts of an image, with the id under which it is registered if its file keeps none. */
  static LayerFacts registered(LayerFacts facts, Image image) {
    return named(facts, image.id() == null ? null : image.id().uuid());
  }

  /** The facts of an image, with the id that its child has for it if nothing else tells its id. */
  static LayerFacts asChildSays(LayerFacts facts, LayerFacts child) {
    return named(facts, child.parent());
  }

  private static LayerFacts named(LayerFacts facts, @Nullable UUID id) {
    return facts.id() == null && id != null ? facts.withId(id) : facts;
  }

  /**
   * @param name the file of the lowest image of a chain
   */
  static void checkBase(String name, LayerFacts facts) throws ImageFormatException {
    if (facts.parent() == null && !facts.isDifferencing()) return;
    throw new ImageFormatException(
        name,
        "parent uuid",
        facts.parent() == null ? "not stored" : facts.parent(),
        "a chain begins with an image that has no parent",
        "also name the parent, or its folder");
  }

  /**
   * @param name the file of an image
   * @param below the file of the image below it
   * @param parent {@link #registered}
   */
  static void checkPair(String name, LayerFacts facts, String below, LayerFacts parent)
      throws IOException {
    checkOnRaw(name, facts, below, parent);
    if (!isOn(facts, parent))
      throw new ImageFormatException(
          name,
          "parent uuid",
          facts.parent() == null ? "none" : facts.parent(),
          "the image below it, " + below + ", has uuid " + parent.id(),
          "name the images of one chain, base first");
    if (!facts.isDifferencing())
      throw new ImageFormatException(
          name,
          "image type",
          facts.kind(),
          "only a base can be " + facts.kind(),
          "name the images of one chain, base first");
  }

  /** Whether it says that it has a parent, but not which. */
  static boolean isUnnamed(LayerFacts facts) {
    return facts.isDifferencing() && facts.parent() == null && !facts.format().keepsParentId();
  }

  /** Whether what an image says of its parent fits this one. */
  static boolean isOn(LayerFacts facts, LayerFacts parent) {
    if (isUnnamed(facts)) return true;
    return facts.parent() != null && (parent.id() == null || parent.id().equals(facts.parent()));
  }

  /**
   * A raw base shows by its size only that it was cut, or is another file. What is made by other
   * programs may be larger than its base.
   */
  static void checkOnRaw(String name, LayerFacts facts, String below, LayerFacts raw)
      throws ChainException {
    if (raw.format() != ImageFormat.RAW || isUnnamed(facts)) return;
    if (!facts.isDifferencing() || facts.parent() == null)
      throw new ChainException(
          "%s has no parent and cannot lie above the raw image %s; name the images of one chain, base first"
              .formatted(name, below));
    if (raw.capacity() < facts.capacity())
      throw new ChainException(
          "the raw image %s has %d bytes, but %s was made on one of %d bytes: the file was truncated, or is not the same image"
              .formatted(below, raw.capacity(), name, facts.capacity()));
  }
}
