package dev.varve.core.medium;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The images of a chain. Immutable.
 *
 * @param images base first, at least one
 */
public record ImageChain(List<Image> images) {

  public ImageChain {
    images = List.copyOf(images);
    if (images.isEmpty()) throw new IllegalArgumentException("a chain has at least one image");
  }

  /**
   * The images of media.
   *
   * @param baseFirst a chain of the model
   */
  public static ImageChain of(List<Medium> baseFirst) {
    return new ImageChain(baseFirst.stream().map(Image::of).toList());
  }

  /**
   * Images of one format, of which nothing more is known.
   *
   * @param files base first
   */
  public static ImageChain of(ImageFormat format, List<Path> files) {
    return new ImageChain(files.stream().map(file -> new Image(file, format, null)).toList());
  }

  /** The same on a base of another format. */
  public ImageChain withBase(ImageFormat format) {
    List<Image> others = new ArrayList<>(images);
    others.set(0, new Image(base().file(), format, base().id()));
    return new ImageChain(others);
  }

  /** The files, base first. */
  public List<Path> files() {
    return images.stream().map(Image::file).toList();
  }

  public Image base() {
    return images.getFirst();
  }
}
