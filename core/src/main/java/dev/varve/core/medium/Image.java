package dev.varve.core.medium;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * An image file as it is registered. What it is was decided when it was registered and is not
 * looked for in the file: a guest can write into a raw file whatever another format begins with.
 * Immutable.
 *
 * @param id null where it is not known; a file whose format keeps an id says it itself
 */
public record Image(Path file, ImageFormat format, @Nullable MediumId id) {

  /** The file of a medium. */
  public static Image of(Medium medium) {
    return new Image(medium.location(), medium.format(), medium.id());
  }

  /** Whether it is a raw file or device, which says nothing of itself. */
  public boolean isRaw() {
    return format == ImageFormat.RAW;
  }
}
