package dev.varve.http.api;

import dev.varve.core.log.Cause;
import dev.varve.core.medium.ErrorCode;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Which handler answers which operation, and on which thread: the event loop of the request, a
 * thread for looks, or a thread for changes. Filled by one thread, then thread-safe.
 */
final class Handlers {

  private static final int MOST_OF_A_MACHINE = 128;

  /** How long a change waits for its turn with the inventory. */
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  /** Answers a call; what it throws becomes a {@link Problem}. */
  interface Handler {
    Answer answer(Call call) throws IOException;
  }

  private final Map<String, Function<Call, Future<Answer>>> byOperation = new HashMap<>();

  private final Executor changes;
  private final Executor looks;
  private final Turn turn;
  private final Consumer<Call> before;
  private @Nullable Handler rehearsal;
  private final UnaryOperator<Call> bounds;

  /** How many calls about each machine are under way. */
  private final Map<String, Integer> ofMachines = new ConcurrentHashMap<>();

  /** The changes that run at the moment, the oldest first. */
  private final Collection<Call> underWay = new ConcurrentLinkedDeque<>();

  /** Waiting for the inventory, which takes one change at a time. */
  interface Turn {
    /** Waits until the inventory is free; false if it is not free within this time. */
    boolean comes(Duration patience);
  }

  /**
   * @param changes threads for calls of the inventory, beside each other: one may wait for the host
   *     for any time
   * @param looks threads for looks at files and running disks, beside each other too
   * @param before comes before every call that may block; may block too
   * @param bounds refuses a call that its client has no right to, and returns what may go on; does
   *     not block
   */
  Handlers(
      Executor changes,
      Executor looks,
      Turn turn,
      Consumer<Call> before,
      UnaryOperator<Call> bounds) {
    this.changes = changes;
    this.looks = looks;
    this.turn = turn;
    this.before = before;
    this.bounds = bounds;
  }

  /** From now on, calls that only ask what a change would do are answered so. */
  void rehearseWith(Handler rehearsal) {
    this.rehearsal = rehearsal;
  }

  /** The handler runs on the event loop: it looks at a view only, and must not block. */
  void onEventLoop(String operation, Handler handler) {
    later(
        operation,
        call -> {
          try {
            return Future.succeededFuture(handler.answer(call));
          } catch (IOException e) {
            return Future.failedFuture(e);
          }
        });
  }

  /** The handler runs on a thread for looks: it looks at files or running disks, and may block. */
  void onLookThread(String operation, Handler handler) {
    later(operation, call -> begun(looks, call, () -> prepared(call, handler)));
  }

  /**
   * The handler runs on a thread for changes: it calls the inventory, and may block. If another
   * call has the inventory for too long, because the host does not answer it, this one is refused
   * and has changed nothing.
   */
  void onChangeThread(String operation, Handler handler) {
    later(
        operation,
        call ->
            begun(
                changes,
                call,
                () -> {
                  if (!turn.comes(PATIENCE)) throw busy();
                  underWay.add(call);
                  try {
                    return prepared(call, handler);
                  } finally {
                    underWay.remove(call);
                  }
                }));
  }

  /** Runs work on a thread of its own. One machine whose host hangs must not take all threads. */
  private Future<Answer> begun(Executor threads, Call call, Callable<Answer> work) {
    String machine = Objects.requireNonNullElse(call.optional("machine"), "");
    Promise<Answer> answer = Promise.promise();
    if (ofMachines.merge(machine, 1, Integer::sum) > MOST_OF_A_MACHINE && !machine.isEmpty()) {
      left(machine);
      return Future.failedFuture(
          new RefusedRequest(
              503,
              ErrorCode.E_FAIL,
              "%d requests about machine '%s' are already running: a file system may not be answering, and the log names it. Nothing was changed; try again later"
                  .formatted(MOST_OF_A_MACHINE, machine)));
    }
    try {
      threads.execute(
          Cause.carried(
              () -> {
                try {
                  answer.complete(work.call());
                } catch (Throwable failure) { // also an Error must not leave a client waiting
                  answer.fail(failure);
                } finally {
                  left(machine);
                }
              }));
    } catch (RejectedExecutionException e) {
      left(machine);
      throw e;
    }
    return answer.future();
  }

  private void left(String machine) {
    ofMachines.computeIfPresent(machine, (_, count) -> count == 1 ? null : count - 1);
  }

  private Answer prepared(Call call, Handler handler) throws IOException {
    before.accept(call);
    Handler rehearsing = rehearsal;
    return rehearsing != null && call.isDryRun() ? rehearsing.answer(call) : handler.answer(call);
  }

  private RefusedRequest busy() {
    String with =
        underWay.stream().findFirst().map(call -> call.operation().id()).orElse("something else");
    return new RefusedRequest(
        503,
        ErrorCode.E_FAIL,
        "Varve has been busy with '%s' for more than %d s: a file system may not be answering, and the log names it. Nothing was changed; try again later"
            .formatted(with, PATIENCE.toSeconds()));
  }

  /** The handler is called on the event loop, and its future completes later on any thread. */
  void later(String operation, Function<Call, Future<Answer>> handler) {
    if (byOperation.put(operation, handler) != null)
      throw new IllegalStateException("two handlers for " + operation);
  }

  Future<Answer> answer(Call call) {
    Function<Call, Future<Answer>> handler = byOperation.get(call.operation().id());
    if (handler == null) throw new IllegalStateException("no handler for " + call.operation().id());
    return handler.apply(bounds.apply(call));
  }

  /** The operations that have a handler. */
  Set<String> operations() {
    return Set.copyOf(byOperation.keySet());
  }
}
