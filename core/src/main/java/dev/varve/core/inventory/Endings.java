package dev.varve.core.inventory;

import dev.varve.core.log.Cause;
import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.ErrorCode;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Ends several machines beside each other, each on a thread of its own: one whose disks cannot be
 * made durable, or whose host does not answer, keeps no other from ending.
 */
final class Endings {

  private final Map<MachineEntry, CompletableFuture<Void>> endings = new LinkedHashMap<>();

  /**
   * Begins to end a machine.
   *
   * @param end waits until it has ended
   */
  void begin(MachineEntry machine, Consumer<MachineId> end) {
    var ended = new CompletableFuture<Void>();
    endings.put(machine, ended);
    Thread.ofPlatform()
        .daemon()
        .name("end-" + endings.size())
        .start(
            Cause.carried(
                () -> {
                  try {
                    end.accept(machine.id());
                    ended.complete(null);
                  } catch (Throwable e) {
                    ended.completeExceptionally(e);
                  }
                }));
  }

  /**
   * Waits until all have ended, no longer than {@code patience} for all of them together.
   *
   * @return the first failure with the others, or null; a machine that has not ended is one
   */
  @Nullable RuntimeException await(Duration patience) {
    CompletableFuture<Void> all =
        CompletableFuture.allOf(endings.values().toArray(CompletableFuture<?>[]::new));
    try {
      all.get(patience.toMillis(), TimeUnit.MILLISECONDS);
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException _) {
      // Each is asked below.
    }
    RuntimeException first = null;
    for (Map.Entry<MachineEntry, CompletableFuture<Void>> ending : endings.entrySet()) {
      RuntimeException failure = failure(ending.getKey(), ending.getValue(), patience);
      if (first == null) first = failure;
      else if (failure != null) first.addSuppressed(failure);
    }
    return first;
  }

  private static @Nullable RuntimeException failure(
      MachineEntry machine, CompletableFuture<Void> ending, Duration patience) {
    if (!ending.isDone())
      return ModelErrors.of(
          ErrorCode.E_FAIL,
          "machine '%s' has not ended in %d s, because the host does not answer: what it wrote last may not be on its disks. Look at the file systems below them",
          machine.name(),
          patience.toSeconds());
    if (!ending.isCompletedExceptionally()) return null;
    Throwable cause = ending.exceptionNow();
    return cause instanceof RuntimeException e ? e : new IllegalStateException(cause);
  }

  /** Whether a machine has ended, well or not. */
  boolean hasEnded(MachineId machine) {
    return endings.entrySet().stream()
        .allMatch(e -> !e.getKey().id().equals(machine) || e.getValue().isDone());
  }
}
