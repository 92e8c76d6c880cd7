package dev.varve.io.chain;

/** Ends long work from within a callback that can say no. */
final class Cancelled extends RuntimeException {
  private static final long serialVersionUID = 1;

  Cancelled() {
    super("cancelled", null, false, false);
  }
}
