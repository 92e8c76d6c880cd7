package dev.varve.io.nbd;

import dev.varve.io.loop.DiskLoops;
import java.time.Duration;

/**
 * What clients may cost. Immutable.
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
 * @param connections how many clients may be connected; another one is refused
 * @param descriptors a client whose socket has this file descriptor or a higher one is refused:
 *     those are for the rest of the program
 * @param loops how many event loops may serve the disks of one file system
 * @param idle how long a client that has chosen an export may ask for nothing before it is
 *     disconnected; zero for as long as it likes
 * @param poll how long an event loop that serves disks may poll for work before it sleeps; zero for
 *     not at all
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
    Duration stalled,
    int connections,
    int descriptors,
    int loops,
    Duration idle,
    Duration poll) {

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
          Duration.ofSeconds(10),
          Integer.MAX_VALUE,
          Integer.MAX_VALUE,
          DiskLoops.MOST,
          Duration.ZERO,
          Duration.ofNanos(60_000));

  /** These limits with another amount of buffers for all clients. */
  public NbdLimits buffers(long buffers) {
    return with(buffers, connections, descriptors, loops, idle, poll);
  }

  /** These limits with another number of clients, and another time that one may be idle. */
  public NbdLimits clients(int connections, Duration idle) {
    return with(buffers, connections, descriptors, loops, idle, poll);
  }

  /**
   * These limits with other file descriptors that are not for clients, and another number of event
   * loops.
   */
  public NbdLimits descriptors(int descriptors, int loops) {
    return with(buffers, connections, descriptors, loops, idle, poll);
  }

  /** These limits with another time for which event loops poll. */
  public NbdLimits poll(Duration poll) {
    return with(buffers, connections, descriptors, loops, idle, poll);
  }

  private NbdLimits with(
      long buffers, int connections, int descriptors, int loops, Duration idle, Duration poll) {
    return new NbdLimits(
        handshake,
        drain,
        options,
        optionBytes,
        requestsInFlight,
        bytesInFlight,
        unsentBytes,
        buffers,
        stalled,
        connections,
        descriptors,
        loops,
        idle,
        poll);
  }
}
