package dev.varve.bench.compare;

import java.io.IOException;
import java.nio.file.Path;

/**
 * What a client asks of a server.
 *
 * @param access in which order, and what for
 * @param blockSize bytes of each request
 * @param depth how many requests are in flight
 * @param flushEvery after so many writes comes a flush; 0 for never
 */
record Load(Access access, int blockSize, int depth, int flushEvery) {

  /** One request at the beginning of each MiB, which is a block of the images. */
  static final int STRIDE = 1 << 20;

  enum Access {
    RANDOM_READ("random read", "randread"),
    RANDOM_WRITE("random write", "randwrite"),
    /** Seven reads on three writes. */
    RANDOM_MIX("70/30 mix", "randrw"),
    READ("sequential read", "read"),
    WRITE("sequential write", "write"),
    /** A write at the beginning of every {@link #STRIDE}, once. */
    TOUCH("first touch of each MiB", "write"),
    /** Everything once. */
    TRIM("trim", "trim"),
    /** Everything once, as a program that copies the disk reads it. */
    COPY("copy out", "read");

    private final String title;
    private final String fioName;

    Access(String title, String fioName) {
      this.title = title;
      this.fioName = fioName;
    }

    String fioName() {
      return fioName;
    }
  }

  Load(Access access, int blockSize, int depth) {
    this(access, blockSize, depth, 0);
  }

  /** For the tables: 4 KiB random read, queue depth 32. */
  String title() {
    String size = blockSize < 1 << 20 ? (blockSize >> 10) + " KiB " : (blockSize >> 20) + " MiB ";
    String flushes = flushEvery > 0 ? ", flush every " + flushEvery : "";
    return size + access.title + ", queue depth " + depth + flushes;
  }

  boolean readsOnly() {
    return access == Access.RANDOM_READ || access == Access.READ || access == Access.COPY;
  }

  /** Whether it ends when the range has been gone over, and not when time is up. */
  boolean once() {
    return access == Access.TOUCH || access == Access.TRIM || access == Access.COPY;
  }

  boolean random() {
    return access == Access.RANDOM_READ
        || access == Access.RANDOM_WRITE
        || access == Access.RANDOM_MIX;
  }

  /** A part of a disk, in bytes. */
  record Range(long offset, long length) {}

  /**
   * What a client saw.
   *
   * @param operations requests answered, flushes not counted
   * @param seconds from the first to the last
   */
  record Result(long operations, double seconds, long p50Nanos, long p99Nanos) {
    double perSecond() {
      return operations / seconds;
    }
  }

  /** A program that makes the requests of a load. */
  interface Client {
    /**
     * Runs {@code load} within {@code range} of a server's default export.
     *
     * @param seconds how long, unless the load is done {@link #once}
     */
    Result run(Path socket, Load load, Range range, double seconds)
        throws IOException, InterruptedException;
  }
}
