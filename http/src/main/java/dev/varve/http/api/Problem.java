package dev.varve.http.api;

import dev.varve.core.device.FailureWords;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.ModelException;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;

/**
 * Why a request was refused or a job failed, in the form of RFC 9457. Immutable.
 *
 * @param bug whether Varve is at fault; the detail then has no internal text
 */
record Problem(int status, ErrorCode error, String detail, boolean bug) {

  static final String MEDIA_TYPE = "application/problem+json";

  static Problem of(Throwable failure) {
    return switch (failure) {
      case CompletionException wrapped when wrapped.getCause() != null -> of(wrapped.getCause());
      case ModelException refused ->
          new Problem(statusOf(refused.code()), refused.code(), text(refused), false);
      case RefusedRequest refused ->
          new Problem(refused.status(), refused.code(), text(refused), false);
      case IOException failed ->
          new Problem(
              statusOf(ErrorCode.VBOX_E_FILE_ERROR),
              ErrorCode.VBOX_E_FILE_ERROR,
              text(failed),
              false);
      case UncheckedIOException failed when failed.getCause() != null -> of(failed.getCause());
      case CancellationException _ ->
          new Problem(statusOf(ErrorCode.E_FAIL), ErrorCode.E_FAIL, "it was cancelled", false);
      case RejectedExecutionException _ ->
          new Problem(
              503,
              ErrorCode.E_FAIL,
              "too many requests are waiting, or Varve is stopping; try again later",
              false);
      default ->
          new Problem(
              500,
              ErrorCode.E_FAIL,
              "this is a bug in Varve; please report it with the lines of its log",
              true);
    };
  }

  private static String text(Throwable failure) {
    return FailureWords.of(failure);
  }

  private static int statusOf(ErrorCode code) {
    return switch (code) {
      case E_INVALIDARG -> 400;
      case VBOX_E_OBJECT_NOT_FOUND -> 404;
      case VBOX_E_OBJECT_IN_USE,
          VBOX_E_INVALID_OBJECT_STATE,
          VBOX_E_INVALID_VM_STATE,
          E_ACCESSDENIED ->
          409;
      case VBOX_E_NOT_SUPPORTED, VBOX_E_FILE_ERROR, VBOX_E_XML_ERROR, E_FAIL -> 422;
      case E_OUTOFMEMORY -> 507;
    };
  }

  JsonObject json() {
    return new JsonObject()
        .put("type", "about:blank")
        .put("title", HttpResponseStatus.valueOf(status).reasonPhrase())
        .put("status", status)
        .put("detail", detail)
        .put("error", error.name());
  }
}
