package dev.varve.io.vhost;

/**
 * A front-end or a guest has broken a rule of the protocol. The message names what it did, for the
 * log; its device stops until it is set up anew. Immutable.
 */
final class ProtocolException extends Exception {
  private static final long serialVersionUID = 1;

  ProtocolException(String message) {
    super(message, null, false, false);
  }
}
