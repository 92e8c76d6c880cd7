package dev.varve.core.inventory;

/**
 * A client of a disk. Immutable.
 *
 * @param number which no other client of the server has had
 * @param transport how it reaches the disk, for people
 * @param peer its address, or its process, for people
 * @param export the disk that it uses
 * @param connectedNanos how long it has been there
 * @param inFlight its requests that wait for their answer now
 */
public record DiskClient(
    long number,
    String transport,
    String peer,
    String export,
    long connectedNanos,
    long requests,
    long bytesRead,
    long bytesWritten,
    long inFlight) {}
