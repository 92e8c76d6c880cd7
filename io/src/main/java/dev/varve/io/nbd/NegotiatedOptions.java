package dev.varve.io.nbd;

/**
 * What client and server have agreed on in the handshake. Immutable.
 *
 * @param structured whether replies are structured
 * @param contexts the metadata contexts chosen, as a set of {@link #ALLOCATION} and {@link #DEPTH},
 *     which also are the ids on the wire
 */
record NegotiatedOptions(boolean structured, int contexts) {

  /** {@code base:allocation}: holes and zeroes. */
  static final int ALLOCATION = 1;

  /** {@code qemu:allocation-depth}: which image of the chain holds the bytes. */
  static final int DEPTH = 2;
}
