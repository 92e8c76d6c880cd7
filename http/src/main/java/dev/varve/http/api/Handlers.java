package dev.varve.http.api;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;

/** Who answers which operation, and on which thread. */
final class Handlers {

  /** Answers a call; what it throws becomes a {@link Problem}. */
  interface Handler {
    Answer answer(Call call);
  }

  private final Map<String, Function<Call, Future<Answer>>> byOperation = new HashMap<>();
  private final Executor model;
  private final Vertx vertx;
  private final Consumer<Call> before;

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

  /** Calls the inventory, on the model's thread; may block. */
  void acts(String operation, Handler handler) {
    waits(
        operation,
        call -> {
          Promise<Answer> answer = Promise.promise();
          model.execute(
              () -> {
                try {
                  answer.complete(prepared(call, handler));
                } catch (Throwable failure) { // also an Error must not leave a client waiting
                  answer.fail(failure);
                }
              });
          return answer.future();
        });
  }

  private Answer prepared(Call call, Handler handler) {
    before.accept(call);
    return handler.answer(call);
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
