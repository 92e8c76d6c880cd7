package dev.varve.http.api;

import java.util.ArrayList;
import java.util.List;

/** Several changes of one request: all of them happen, or none does. */
final class Edits {

  private record Edit(Runnable change, Runnable undo) {}

  private final List<Edit> edits = new ArrayList<>();

  /** Adds a change, and what takes it back. */
  Edits add(Runnable change, Runnable undo) {
    edits.add(new Edit(change, undo));
    return this;
  }

  /**
   * Makes the changes in order; if one fails, takes back those before it and throws its failure.
   */
  void make() {
    for (int i = 0; i < edits.size(); i++) {
      try {
        edits.get(i).change().run();
      } catch (RuntimeException failure) {
        takeBack(i, failure);
        throw failure;
      }
    }
  }

  private void takeBack(int count, RuntimeException failure) {
    for (int i = count - 1; i >= 0; i--) {
      try {
        edits.get(i).undo().run();
      } catch (RuntimeException another) {
        failure.addSuppressed(another);
      }
    }
  }
}
