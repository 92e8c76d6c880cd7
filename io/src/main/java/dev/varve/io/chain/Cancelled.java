package dev.varve.io.chain;

/** Thrown by a callback that cancels long work. */
final class Cancelled extends RuntimeException {
  private static final long serialVersionUID = 1;

  Cancelled() {
    super("cancelled", null, false, false);
  }
}
