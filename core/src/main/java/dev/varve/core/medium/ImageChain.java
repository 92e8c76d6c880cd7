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
   * VDI images, on a base of another format perhaps, of which nothing more is known.
   *
   * @param files base first
   */
  public static ImageChain of(ImageFormat base, List<Path> files) {
    List<Image> images = new ArrayList<>();
    for (Path file : files)
      images.add(new Image(file, images.isEmpty() ? base : ImageFormat.VDI, null));
    return new ImageChain(images);
  }

  /** The files, base first. */
  public List<Path> files() {
    return images.stream().map(Image::file).toList();
  }

  public Image base() {
    return images.getFirst();
  }
}
