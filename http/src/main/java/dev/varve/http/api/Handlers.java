package dev.varve.http.api;

import dev.varve.core.medium.ErrorCode;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Function;

/** Who answers which operation, and on which thread. */
final class Handlers {

  private static final int MOST_OF_A_MACHINE = 128;

  /** How long a call waits for its turn with the model. */
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  /** Answers a call; what it throws becomes a {@link Problem}. */
  interface Handler {
    Answer answer(Call call);
  }

  private final Map<String, Function<Call, Future<Answer>>> byOperation = new HashMap<>();

  private final Executor model;
  private final Executor looks;
  private final Turn turn;
  private final Consumer<Call> before;

  /** How many calls about each machine are under way. */
  private final Map<String, Integer> ofMachines = new ConcurrentHashMap<>();

  /** What calls of the inventory do at the moment, the oldest first. */
  private final Collection<Call> underWay = new ConcurrentLinkedDeque<>();

  /** Whether the model can be had. */
  interface Turn {
    /** Waits for a while; false if it cannot be had by then. */
    boolean comes(Duration patience);
  }

  /**
   * @param model where calls of the inventory run, beside each other: one may wait for the host as
   *     long as it likes
   * @param looks where files and running disks are looked at, beside each other too
   * @param before comes before every call that may block; may block too
   */
  Handlers(Executor model, Executor looks, Turn turn, Consumer<Call> before) {
    this.model = model;
    this.looks = looks;
    this.turn = turn;
    this.before = before;
  }

  /** Looks at a view, on the event loop; must not block. */
  void reads(String operation, Handler handler) {
    waits(operation, call -> Future.succeededFuture(handler.answer(call)));
  }

  /** Looks at a view, and at files or running disks, on a thread of their own; may block. */
  void looks(String operation, Handler handler) {
    waits(
        operation, call -> begun(looks, call, answer -> answer.complete(prepared(call, handler))));
  }

  /**
   * Calls the inventory; may block. A call that does not get its turn, because the host does not
   * answer one that has it, is refused after a while, and nothing of it done.
   */
  void acts(String operation, Handler handler) {
    waits(
        operation,
        call ->
            begun(
                model,
                call,
                answer -> {
                  if (!turn.comes(PATIENCE)) throw busy();
                  underWay.add(call);
                  try {
                    answer.complete(prepared(call, handler));
                  } finally {
                    underWay.remove(call);
                  }
                }));
  }

  /** Runs work on a thread of its own. One machine whose host hangs must not take all threads. */
  private Future<Answer> begun(Executor threads, Call call, Consumer<Promise<Answer>> work) {
    String machine = Objects.requireNonNullElse(call.optional("machine"), "");
    Promise<Answer> answer = Promise.promise();
    if (ofMachines.merge(machine, 1, Integer::sum) > MOST_OF_A_MACHINE && !machine.isEmpty()) {
      left(machine);
      return Future.failedFuture(
          new Refusal(
              503,
              ErrorCode.E_FAIL,
              "%d requests about machine '%s' are under way: a file system may not answer, the log says which. Nothing was changed; try again later"
                  .formatted(MOST_OF_A_MACHINE, machine)));
    }
    try {
      threads.execute(
          () -> {
            try {
              work.accept(answer);
            } catch (Throwable failure) { // also an Error must not leave a client waiting
              answer.fail(failure);
            } finally {
              left(machine);
            }
          });
    } catch (RejectedExecutionException e) {
      left(machine);
      throw e;
    }
    return answer.future();
  }

  private void left(String machine) {
    ofMachines.computeIfPresent(machine, (_, count) -> count == 1 ? null : count - 1);
  }

  private Answer prepared(Call call, Handler handler) {
    before.accept(call);
    return handler.answer(call);
  }

  private Refusal busy() {
    String with =
        underWay.stream().findFirst().map(call -> call.operation().id()).orElse("something else");
    return new Refusal(
        503,
        ErrorCode.E_FAIL,
        "Varve has been busy with '%s' for more than %d s: a file system may not answer, the log says which. Nothing was changed; try again later"
            .formatted(with, PATIENCE.toSeconds()));
  }

  /** Answers some time later; called on the event loop. */
  void waits(String operation, Function<Call, Future<Answer>> handler) {
    if (byOperation.put(operation, handler) != null)
      throw new IllegalStateException("two handlers for " + operation);
  }

  Future<Answer> answer(Call call) {
    Function<Call, Future<Answer>> handler = byOperation.get(call.operation().id());
    if (handler == null) throw new IllegalStateException("no handler for " + call.operation().id());
    return handler.apply(call);
  }

  /** The operations that have a handler. */
  Set<String> operations() {
    return Set.copyOf(byOperation.keySet());
  }
}
