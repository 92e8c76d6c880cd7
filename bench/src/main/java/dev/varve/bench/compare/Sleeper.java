package dev.varve.bench.compare;

import java.util.concurrent.locks.LockSupport;

/**
 * A thread that needs next to no processor time: it sleeps for a millisecond and looks how much
 * later than that it goes on. The machine delays every thread by as much.
 */
final class Sleeper implements AutoCloseable {

  private static final long NAP_NANOS = 1_000_000;

  private final LatencyHistogram late = new LatencyHistogram();
  private final Thread thread = Thread.ofPlatform().daemon().name("sleeper").unstarted(this::nap);
  private volatile boolean ended;

  /** Begins to sleep. */
  Sleeper() {
    thread.start();
  }

  private void nap() {
    while (!ended) {
      long before = System.nanoTime();
      LockSupport.parkNanos(NAP_NANOS);
      late.add(System.nanoTime() - before - NAP_NANOS);
    }
  }

  /** By how much it was late in 99 of 100 cases at most, in nanoseconds; once it is closed. */
  long p99Nanos() {
    return late.percentile(99);
  }

  /** By how much it was late at most, in nanoseconds; once it is closed. */
  long longestNanos() {
    return late.percentile(100);
  }

  @Override
  public void close() throws InterruptedException {
    ended = true;
    thread.join();
  }
}
