package dev.varve.core.inventory;

import java.nio.file.Path;
import java.util.List;

/**
 * What was given up with a machine whose settings file cannot be used. Immutable.
 *
 * @param images files that attaching made. It is unknown whether the machine has saved them, so
 *     they stay
 * @param work what a run before was doing to its media, in words
 */
public record Unlisted(List<Path> images, List<String> work) {
  public Unlisted {
    images = List.copyOf(images);
    work = List.copyOf(work);
  }
}
