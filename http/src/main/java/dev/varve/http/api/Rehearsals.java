package dev.varve.http.api;

import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.Preview;
import dev.varve.core.inventory.View;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Answers calls with {@code dryRun}: the operation's own handler runs, with an inventory that only
 * notes what it is told. Any thread; may block.
 */
final class Rehearsals {

  private final Inventory inventory;
  private final BiConsumer<Inventory, Handlers> operations;

  /**
   * @param operations adds the handlers of an inventory
   */
  Rehearsals(Inventory inventory, BiConsumer<Inventory, Handlers> operations) {
    this.inventory = inventory;
    this.operations = operations;
  }

  Answer answer(Call call) {
    var etag = new AtomicReference<@Nullable ETag>();
    Preview preview =
        inventory.rehearse(
            rehearsed -> {
              etag.set(etag(rehearsed, call));
              perform(call, rehearsed);
            });
    Answer answer = Answer.ok(json(preview));
    ETag seen = etag.get();
    return seen == null ? answer : answer.with("ETag", seen.text());
  }

  private void perform(Call call, Inventory rehearsed) {
    var handlers = new Handlers(Runnable::run, Runnable::run, _ -> true, _ -> {}, same -> same);
    operations.accept(rehearsed, handlers);
    Future<Answer> answer = handlers.answer(call);
    switch (answer.cause()) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException(answer.cause());
    }
  }

  /** What If-Match is compared with; null where there is nothing. */
  private static @Nullable ETag etag(Inventory rehearsed, Call call) {
    View view = rehearsed.view();
    String medium = call.optional("medium");
    if (medium != null) return MediumJson.etag(Lookup.medium(view, medium));
    String session = call.optional("session");
    String machine =
        session == null
            ? call.optional("machine")
            : Lookup.session(view, session).machine().toString();
    if (machine == null || Lookup.badMachine(view, machine) != null) return null;
    return MachineJson.etag(Lookup.machine(view, machine));
  }

  private static JsonObject json(Preview preview) {
    return new JsonObject()
        .put("summary", preview.summary())
        .put("changes", JsonParts.array(preview.changes(), text -> text))
        .put(
            "files",
            JsonParts.array(
                preview.files(),
                file ->
                    new JsonObject()
                        .put("location", file.location().toString())
                        .put("action", file.action().text())
                        .put("bytes", file.bytes())))
        .put("freedBytes", preview.freedBytes())
        .put("neededBytes", preview.neededBytes())
        .put("irreversible", preview.irreversible());
  }
}
