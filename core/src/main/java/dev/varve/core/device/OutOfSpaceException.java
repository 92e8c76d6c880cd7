package dev.varve.core.device;

import java.io.IOException;

/**
 * The host's file system is full (or a quota is reached). Writes can succeed again once there is
 * space. Immutable.
 */
public final class OutOfSpaceException extends IOException {
  private static final long serialVersionUID = 1;

  public OutOfSpaceException(String message) {
    super(message);
  }
}
