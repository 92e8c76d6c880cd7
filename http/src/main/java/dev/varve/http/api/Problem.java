package dev.varve.http.api;

import dev.varve.core.device.FailureWords;
import dev.varve.core.device.OutOfSpaceException;
import dev.varve.core.inventory.BlockedException;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.ModelException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;

/**
 * Why a request was refused or a job failed, in the form of RFC 9457. Immutable.
 *
 * @param status usually that of the type
 * @param detail for people; has no internal text if Varve is at fault
 * @param waysOut requests that remove what stands in the way, if any do
 */
record Problem(ProblemType type, int status, ErrorCode error, String detail, List<WayOut> waysOut) {

  static final String MEDIA_TYPE = "application/problem+json";

  private Problem(ProblemType type, ErrorCode error, String detail) {
    this(type, type.status(), error, detail, List.of());
  }

  static Problem of(Throwable failure) {
    return switch (failure) {
      case CompletionException wrapped when wrapped.getCause() != null -> of(wrapped.getCause());
      case BlockedException refused ->
          of(refused)
              .with(refused.blockers().stream().flatMap(b -> WayOut.of(b).stream()).toList());
      case ModelException refused -> of(refused);
      case RefusedRequest refused ->
          new Problem(
              refused.type(), refused.status(), refused.code(), text(refused), refused.waysOut());
      case OutOfSpaceException full ->
          new Problem(ProblemType.NO_SPACE, ErrorCode.E_OUTOFMEMORY, text(full));
      case IOException failed ->
          new Problem(ProblemType.FILE_ERROR, ErrorCode.VBOX_E_FILE_ERROR, text(failed));
      case UncheckedIOException failed when failed.getCause() != null -> of(failed.getCause());
      case CancellationException _ ->
          new Problem(ProblemType.CANCELLED, ErrorCode.E_FAIL, "it was cancelled");
      case RejectedExecutionException _ ->
          new Problem(
              ProblemType.BUSY,
              ErrorCode.E_FAIL,
              "too many requests are waiting, or Varve is stopping; try again later");
      default ->
          new Problem(
              ProblemType.BUG,
              ErrorCode.E_FAIL,
              "this is a bug in Varve; please report it with the lines of its log");
    };
  }

  private static Problem of(ModelException refused) {
    return new Problem(ProblemType.of(refused.code()), refused.code(), text(refused));
  }

  private Problem with(List<WayOut> waysOut) {
    return new Problem(type, status, error, detail, waysOut);
  }

  private static String text(Throwable failure) {
    return FailureWords.of(failure);
  }

  /** Whether Varve is at fault. */
  boolean bug() {
    return type == ProblemType.BUG;
  }

  JsonObject json() {
    JsonObject json =
        new JsonObject()
            .put("type", type.uri())
            .put("title", type.title())
            .put("status", status)
            .put("detail", detail)
            .put("error", error.name());
    return waysOut.isEmpty() ? json : json.put("actions", JsonParts.array(waysOut, WayOut::json));
  }
}
