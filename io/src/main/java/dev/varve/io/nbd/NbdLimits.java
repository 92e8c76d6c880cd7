package dev.varve.io.nbd;

import java.time.Duration;

/**
 * What one client may cost.
 *
 * @param handshake how long a client may take to choose an export before it is disconnected
 * @param drain how long a connection that is told to end may take to finish what is in flight
 *     before it is cut
 * @param options how many options a client may send
 * @param optionBytes how long one option may be, in bytes
 * @param requestsInFlight with how many requests handed to storage threads the socket is no longer
 *     read
 * @param bytesInFlight with how many bytes of buffers held by those requests the socket is no
 *     longer read; one request may exceed it
 * @param unsentBytes with how many bytes of replies that the client has not read the socket is no
 *     longer read
 */
public record NbdLimits(
    Duration handshake,
    Duration drain,
    int options,
    int optionBytes,
    int requestsInFlight,
    long bytesInFlight,
    int unsentBytes) {

  public static final NbdLimits DEFAULT =
      new NbdLimits(
          Duration.ofSeconds(30), Duration.ofSeconds(30), 1024, 16 << 10, 256, 16 << 20, 1 << 20);
}
