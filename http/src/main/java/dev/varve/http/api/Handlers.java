package dev.varve.http.api;

import dev.varve.core.medium.ErrorCode;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Who answers which operation, and on which thread. */
final class Handlers {

  /** How long a call waits for its turn with the model. */
  private static final long PATIENCE_MILLIS = 15_000;

  /** Answers a call; what it throws becomes a {@link Problem}. */
  interface Handler {
    Answer answer(Call call);
  }

  private final Map<String, Function<Call, Future<Answer>>> byOperation = new HashMap<>();

  private final Executor model;
  private final Vertx vertx;
  private final Consumer<Call> before;

  /** The call that the model's thread is with; null: none. */
  private volatile @Nullable String underWay;

  /**
   * @param model where calls of the inventory run, one after the other
   * @param vertx whose worker threads look at what may block
   * @param before comes before every call that may block; may block too
   */
  Handlers(Executor model, Vertx vertx, Consumer<Call> before) {
    this.model = model;
    this.vertx = vertx;
    this.before = before;
  }

  /** Looks at a view, on the event loop; must not block. */
  void reads(String operation, Handler handler) {
    waits(operation, call -> Future.succeededFuture(handler.answer(call)));
  }

  /** Looks at a view, and at files or running disks, on a worker thread; may block. */
  void looks(String operation, Handler handler) {
    waits(operation, call -> vertx.executeBlocking(() -> prepared(call, handler), false));
  }

  /**
   * Calls the inventory, on the model's thread; may block. A call that has not had its turn after a
   * while, because the host does not answer the one before it, is refused, and nothing of it done.
   */
  void acts(String operation, Handler handler) {
    waits(
        operation,
        call -> {
          Promise<Answer> answer = Promise.promise();
          var begunOrRefused = new AtomicBoolean();
          long timer =
              vertx.setTimer(
                  PATIENCE_MILLIS,
                  _ -> {
                    if (begunOrRefused.compareAndSet(false, true)) answer.fail(busy());
                  });
          try {
            model.execute(
                () -> {
                  if (!begunOrRefused.compareAndSet(false, true)) return;
                  vertx.cancelTimer(timer);
                  underWay = operation;
                  run(handler, call, answer);
                  underWay = null;
                });
          } catch (RuntimeException e) {
            vertx.cancelTimer(timer);
            throw e;
          }
          return answer.future();
        });
  }

  private Answer prepared(Call call, Handler handler) {
    before.accept(call);
    return handler.answer(call);
  }

  private Refusal busy() {
    String with = underWay;
    return new Refusal(
        503,
        ErrorCode.E_FAIL,
        "Varve is busy%s for more than %d s: a file system may not answer, the log says which. Nothing was changed; try again later"
            .formatted(with == null ? "" : " with '" + with + "'", PATIENCE_MILLIS / 1000));
  }

  /**
   * Calls what may be called beside the model's thread, on a thread of its own: it may wait for the
   * host as long as it likes.
   */
  void actsAlone(String operation, Handler handler) {
    waits(
        operation,
        call -> {
          Promise<Answer> answer = Promise.promise();
          Thread.ofPlatform().daemon().name(operation).start(() -> run(handler, call, answer));
          return answer.future();
        });
  }

  private void run(Handler handler, Call call, Promise<Answer> answer) {
    try {
      answer.complete(prepared(call, handler));
    } catch (Throwable failure) { // also an Error must not leave a client waiting
      answer.fail(failure);
    }
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
