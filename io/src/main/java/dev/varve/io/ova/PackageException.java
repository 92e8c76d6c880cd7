package dev.varve.io.ova;

import java.io.IOException;

/** A package breaks a rule: names the file, what is wrong, and what to do. Immutable. */
public final class PackageException extends IOException {
  private static final long serialVersionUID = 1;

  PackageException(String message) {
    super(message);
  }
}
