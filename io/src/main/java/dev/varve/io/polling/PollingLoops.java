package dev.varve.io.polling;

import java.util.concurrent.atomic.AtomicInteger;

/** How many loops poll at a time. Thread-safe. */
final class PollingLoops {

  private final int most;
  private final AtomicInteger polling = new AtomicInteger();

  /**
   * @param processors those of the machine; half of them are left to those that ask for the work,
   *     and a single one is
   */
  PollingLoops(int processors) {
    most = processors / 2;
  }

  /** One more polls from now on, unless there are enough. */
  boolean enter() {
    if (polling.incrementAndGet() <= most) return true;
    leave();
    return false;
  }

  void leave() {
    polling.decrementAndGet();
  }
}
