package dev.varve.io.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** One run serves all who wait for it. */
class SharedRunTest {

  private final ArrayDeque<Runnable> threads = new ArrayDeque<>();
  private final List<List<String>> runs = new ArrayList<>();
  private final AtomicReference<Runnable> meanwhile = new AtomicReference<>(() -> {});
  private final SharedRun<String> run = new SharedRun<>(threads::add, this::serve);

  private void serve(List<String> served) {
    runs.add(served);
    meanwhile.getAndSet(() -> {}).run();
  }

  @Test
  void allWhoAskBeforeItBeginsShareARun() {
    run.ask("a");
    run.ask("b");

    threads.remove().run();

    assertEquals(List.of(List.of("a", "b")), runs);
    assertEquals(0, threads.size());
  }

  @Test
  void whoeverAsksDuringARunWaitsForTheNextWithTheOthers() {
    run.ask("a");
    meanwhile.set(
        () -> {
          run.ask("b");
          run.ask("c");
        });

    threads.remove().run();

    assertEquals(List.of(List.of("a"), List.of("b", "c")), runs);
    assertEquals(0, threads.size());
  }

  @Test
  void itRunsAgainForThoseWhoAskAfterTheLastRun() {
    run.ask("a");
    threads.remove().run();
    run.ask("b");

    threads.remove().run();

    assertEquals(List.of(List.of("a"), List.of("b")), runs);
  }
}
