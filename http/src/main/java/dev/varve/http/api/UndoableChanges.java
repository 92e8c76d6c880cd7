package dev.varve.http.api;

import java.util.ArrayList;
import java.util.List;

/** Several changes of one request, of which all are made or none. For one thread. */
final class UndoableChanges {

  private record Step(Runnable change, Runnable undo) {}

  private final List<Step> steps = new ArrayList<>();

  /** Adds a change, and what takes it back. */
  UndoableChanges add(Runnable change, Runnable undo) {
    steps.add(new Step(change, undo));
    return this;
  }

  /**
   * Makes the changes in order; if one fails, takes back those before it and throws its failure.
   */
  void make() {
    for (int i = 0; i < steps.size(); i++) {
      try {
        steps.get(i).change().run();
      } catch (RuntimeException failure) {
        takeBack(i, failure);
        throw failure;
      }
    }
  }

  private void takeBack(int count, RuntimeException failure) {
    for (int i = count - 1; i >= 0; i--) {
      try {
        steps.get(i).undo().run();
      } catch (RuntimeException another) {
        failure.addSuppressed(another);
      }
    }
  }
}
