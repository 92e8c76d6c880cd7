package dev.varve.http.command;

import java.util.Random;
import java.util.concurrent.CompletableFuture;

/**
 * Does something once, after so many events of a test, so that a slow machine gets as far as a fast
 * one. The last event goes on meanwhile: what is done comes at any moment after it.
 */
final class AfterEvents {

  private static final int MOST_SPINS = 300_000;

  private final Runnable action;
  private final int spins;
  private int left;

  /**
   * @param events at least 1
   * @param random says how far into what follows the last event it is done
   */
  AfterEvents(int events, Random random, Runnable action) {
    this.left = events;
    this.spins = random.nextInt(MOST_SPINS);
    this.action = action;
  }

  /** An event has happened; any thread. */
  synchronized void happened() {
    left--;
    if (left == 0) CompletableFuture.runAsync(this::act);
  }

  private void act() {
    for (int i = 0; i < spins; i++) Thread.onSpinWait();
    action.run();
  }
}
