package dev.varve.core.medium;

import java.nio.file.Path;
import java.util.List;

/**
 * The files of a chain. What its base is was decided when it was registered, and is not looked for
 * in the file: what is in a raw file its guest wrote, who may write what image files begin with.
 *
 * @param files base first, at least one
 * @param onRaw whether the base is a raw file or device; all others are images
 */
public record ImageChain(List<Path> files, boolean onRaw) {

  public ImageChain {
    files = List.copyOf(files);
    if (files.isEmpty()) throw new IllegalArgumentException("a chain has at least one image");
  }

  /**
   * The files of media.
   *
   * @param baseFirst a chain of the model
   */
  public static ImageChain of(List<Medium> baseFirst) {
    return new ImageChain(
        baseFirst.stream().map(Medium::location).toList(), baseFirst.getFirst().isRaw());
  }
}
