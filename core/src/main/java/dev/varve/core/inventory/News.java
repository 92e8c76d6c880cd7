package dev.varve.core.inventory;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Tells listeners that the view or a job has changed, but not how. Thread-safe. */
final class News {

  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

  void tellTo(Runnable listener) {
    listeners.add(listener);
  }

  void spread() {
    for (Runnable listener : listeners) listener.run();
  }
}
