package dev.varve.core.journal;

import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumId;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What is left to do with a file once the decision is durable. May be done twice. Immutable. */
public sealed interface FileStep {

  /** The file that is deleted or changed. */
  Path image();

  /**
   * What the file holds. A step that has to wait is given up if there is another file in its place
   * by then.
   *
   * @return null if the file does not hold its id
   */
  @Nullable MediumId id();

  /**
   * @param format of an image, all of whose files are deleted; null for another file, or if it is
   *     not known
   */
  record Delete(Path image, @Nullable MediumId id, @Nullable ImageFormat format)
      implements FileStep {

    /** Deletes one file. */
    public Delete(Path file, @Nullable MediumId id) {
      this(file, id, null);
    }
  }

  /**
   * @param parent with its id, unless its file says it
   */
  record Reparent(Path image, @Nullable MediumId id, Image parent) implements FileStep {}

  record MakeBase(Path image, @Nullable MediumId id) implements FileStep {}
}
