package dev.varve.core.inventory;

/**
 * A client of a disk. Immutable.
 *
 * @param number which no other client of the server has had
 * @param peer its address, or its process, for people
 * @param export the disk that it has chosen
 * @param connectedNanos how long it has been there
 * @param inFlight its requests that wait for their answer now
 */
public record DiskClient(
    long number,
    String peer,
    String export,
    long connectedNanos,
    long requests,
    long bytesRead,
    long bytesWritten,
    long inFlight) {}
