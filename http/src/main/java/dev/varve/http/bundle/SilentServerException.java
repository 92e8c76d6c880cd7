package dev.varve.http.bundle;

import java.io.IOException;

/** A server that runs has not answered in time. For one thread. */
final class SilentServerException extends IOException {

  private static final long serialVersionUID = 1;

  SilentServerException(String message) {
    super(message);
  }
}
