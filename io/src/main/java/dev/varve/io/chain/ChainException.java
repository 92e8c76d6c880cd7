package dev.varve.io.chain;

import java.io.IOException;

/**
 * Thrown when images do not form a chain: a parent is missing, or the images do not belong
 * together. No file was changed. Immutable.
 */
public final class ChainException extends IOException {
  private static final long serialVersionUID = 1;

  ChainException(String message) {
    super(message);
  }
}
