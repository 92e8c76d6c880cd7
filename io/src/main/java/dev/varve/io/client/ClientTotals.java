package dev.varve.io.client;

/**
 * What a client has asked for so far. Immutable.
 *
 * @param requests how many it has made
 * @param bytesRead by requests that succeeded
 * @param bytesWritten by requests that succeeded
 * @param inFlight its requests that wait for their answer now
 */
public record ClientTotals(long requests, long bytesRead, long bytesWritten, long inFlight) {

  public static final ClientTotals NONE = new ClientTotals(0, 0, 0, 0);

  /** Those of two parts of a client, which are served on loops of their own. */
  public ClientTotals plus(ClientTotals other) {
    return new ClientTotals(
        requests + other.requests,
        bytesRead + other.bytesRead,
        bytesWritten + other.bytesWritten,
        inFlight + other.inFlight);
  }
}
