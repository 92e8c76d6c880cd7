package dev.varve.io.client;

/**
 * What can be seen of a client that uses a disk. Immutable.
 *
 * @param number which no other client has had
 * @param peer its address, or its process, for people
 * @param export the disk that it uses
 * @param sinceNanos when it began, by the server's clock
 * @param asked what it has asked for
 */
public record ClientView(
    long number,
    Transport transport,
    String peer,
    String export,
    long sinceNanos,
    ClientTotals asked) {}
