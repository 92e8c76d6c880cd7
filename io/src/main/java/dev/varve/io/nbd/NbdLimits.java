package dev.varve.io.nbd;

import java.time.Duration;

/**
 * What clients may cost.
 *
 * @param handshake how long a client may take to choose an export before it is disconnected
 * @param drain how long a connection that is told to end may take to finish what is in flight
 *     before it is cut
 * @param options how many options a client may send
 * @param optionBytes how long one option may be, in bytes
 * @param requestsInFlight with how many requests handed to storage threads the socket is no longer
 *     read
 * @param bytesInFlight with how many bytes of buffers held by those requests, or brought into the
 *     host's memory by them, the socket is no longer read; one request may exceed it
 * @param unsentBytes with how many bytes of replies that the client has not read the socket is no
 *     longer read
 * @param buffers how many bytes of buffers all clients of a server are meant to hold at once; as it
 *     comes near, {@code bytesInFlight} and {@code unsentBytes} of each become smaller
 * @param stalled how long a client may take none of its replies once all buffers are in use, before
 *     it is cut
 */
public record NbdLimits(
    Duration handshake,
    Duration drain,
    int options,
    int optionBytes,
    int requestsInFlight,
    long bytesInFlight,
    int unsentBytes,
    long buffers,
    Duration stalled) {

  public static final NbdLimits DEFAULT =
      new NbdLimits(
          Duration.ofSeconds(30),
          Duration.ofSeconds(30),
          1024,
          16 << 10,
          256,
          16 << 20,
          1 << 20,
          256 << 20,
          Duration.ofSeconds(10));

  /** These limits with other times for the handshake and to end in. */
  public NbdLimits times(Duration handshake, Duration drain) {
    return new NbdLimits(
        handshake,
        drain,
        options,
        optionBytes,
        requestsInFlight,
        bytesInFlight,
        unsentBytes,
        buffers,
        stalled);
  }

  /** These limits with another amount of buffers for all clients. */
  public NbdLimits buffers(long buffers) {
    return new NbdLimits(
        handshake,
        drain,
        options,
        optionBytes,
        requestsInFlight,
        bytesInFlight,
        unsentBytes,
        buffers,
        stalled);
  }
}
