package dev.varve.core.limit;

/**
 * What passed, and what waits, of a group or a member. Counted is what a limit was asked for: while
 * a group has none, its requests pass uncounted. Immutable.
 *
 * @param bytesRead that were let pass to be read, whatever became of it
 * @param bytesWritten that were let pass to be written, whatever became of it
 * @param readAnswered bytes of reads that were answered with success
 * @param writtenAnswered bytes of writes that were answered with success
 * @param operations requests of every kind
 * @param waitingBytes of the requests that wait now
 * @param throttledNanos how long anything has waited, all in all
 * @param bytesPerSecond over the last second, read and written
 * @param operationsPerSecond over the last second
 */
public record LimitStatistics(
    long bytesRead,
    long bytesWritten,
    long readAnswered,
    long writtenAnswered,
    long operations,
    long waitingRequests,
    long waitingBytes,
    long throttledNanos,
    long bytesPerSecond,
    long operationsPerSecond) {}
