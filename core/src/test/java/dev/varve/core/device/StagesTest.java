package dev.varve.core.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class StagesTest {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @Test
  void theResultIsReturned() throws Exception {
    var done = CompletableFuture.completedFuture("done");

    assertEquals("done", Stages.join(done));
    assertEquals("done", Stages.join(done, PATIENCE));
  }

  @Test
  void anIoFailureComesAsItIs() {
    var failure = new EOFException("it ended");
    CompletableFuture<String> failed = CompletableFuture.failedFuture(failure);

    assertSame(failure, assertThrows(IOException.class, () -> Stages.join(failed)));
    assertSame(failure, assertThrows(IOException.class, () -> Stages.join(failed, PATIENCE)));
    assertSame(
        failure,
        assertThrows(IOException.class, () -> Stages.join(failed.thenApply(String::length))));
  }

  @Test
  void anyOtherFailureIsTheCauseOfAnIoFailure() {
    var bug = new IllegalStateException("a bug");
    CompletableFuture<Void> failed = CompletableFuture.failedFuture(bug);

    assertSame(bug, assertThrows(IOException.class, () -> Stages.join(failed)).getCause());
    assertSame(
        bug, assertThrows(IOException.class, () -> Stages.join(failed, PATIENCE)).getCause());
  }

  @Test
  void patienceEnds() {
    assertThrows(
        TimeoutException.class,
        () -> Stages.join(new CompletableFuture<Void>(), Duration.ofMillis(1)));
  }

  @Test
  void anInterruptDoesNotEndTheWaitAndIsKept() throws Exception {
    var stage = new CompletableFuture<String>();
    Thread.currentThread().interrupt();
    stage.completeOnTimeout("late", 50, TimeUnit.MILLISECONDS);

    assertEquals("late", Stages.join(stage));
    assertTrue(Thread.interrupted());
  }

  @Test
  void anInterruptDoesNotEndAWaitWithPatienceAndIsKept() throws Exception {
    var stage = new CompletableFuture<String>();
    Thread.currentThread().interrupt();
    stage.completeOnTimeout("late", 50, TimeUnit.MILLISECONDS);

    assertEquals("late", Stages.join(stage, PATIENCE));
    assertTrue(Thread.interrupted());
    assertFalse(Thread.interrupted());
  }
}
