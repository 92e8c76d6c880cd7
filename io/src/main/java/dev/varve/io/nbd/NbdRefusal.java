package dev.varve.io.nbd;

/**
 * Why a request is not carried out: the code for the client's program and the message for its user.
 * Immutable.
 */
record NbdRefusal(NbdError error, String message) {}
