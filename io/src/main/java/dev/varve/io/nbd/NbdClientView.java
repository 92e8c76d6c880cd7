package dev.varve.io.nbd;

/**
 * What can be seen of a client that uses a disk. Immutable.
 *
 * @param number which no other client of the server has had
 * @param peer its address, or its process, for people
 * @param export the disk that it has chosen
 * @param sinceNanos when it chose, by the server's clock
 * @param inFlight its requests that wait for their answer now
 */
public record NbdClientView(
    long number,
    String peer,
    String export,
    long sinceNanos,
    long requests,
    long bytesRead,
    long bytesWritten,
    long inFlight) {}
