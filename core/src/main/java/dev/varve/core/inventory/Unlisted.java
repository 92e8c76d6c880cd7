package dev.varve.core.inventory;

import java.nio.file.Path;
import java.util.List;

/**
 * What was given up with a machine that nobody can read. Immutable.
 *
 * @param images files that attaching made, of which nobody can tell now whether the machine has
 *     saved them: they stay
 * @param work what a run before was doing to its media, in words
 */
public record Unlisted(List<Path> images, List<String> work) {
  public Unlisted {
    images = List.copyOf(images);
    work = List.copyOf(work);
  }
}
