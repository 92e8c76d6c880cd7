package dev.varve.io.file;

import java.io.IOException;

/**
 * Another opener has the image open in a way that excludes this opening. The message names it, as
 * far as is known. Immutable.
 */
public sealed class ImageInUseException extends IOException permits UnlockedWriterException {
  private static final long serialVersionUID = 1;

  ImageInUseException(String message) {
    super(message);
  }
}
