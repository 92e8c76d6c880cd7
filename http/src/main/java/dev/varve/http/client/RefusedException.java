package dev.varve.http.client;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.Collection;

/**
 * The server has refused a request, or a job has failed, for the reason that the message gives.
 * Immutable.
 */
public final class RefusedException extends IOException {
  private static final long serialVersionUID = 1;

  private final String detail;
  private final String error;
  private final int status;

  /**
   * @param problem as the API writes one: {@code detail} in words, {@code error} by its name
   */
  public RefusedException(JsonObject problem) {
    this(problem.getString("detail"), problem.getString("error"), problem.getInteger("status", 0));
  }

  private RefusedException(String detail, String error, int status) {
    super("%s (%s)".formatted(detail, error));
    this.detail = detail;
    this.error = error;
    this.status = status;
  }

  /**
   * Several refusals as one.
   *
   * @param all at least one
   */
  public static RefusedException of(Collection<RefusedException> all) {
    RefusedException first = all.iterator().next();
    if (all.size() == 1) return first;
    return first.saying(String.join("\n", all.stream().map(RefusedException::detail).toList()));
  }

  /** In words, without the name. */
  public String detail() {
    return detail;
  }

  /** The same refusal in other words. */
  public RefusedException saying(String words) {
    return new RefusedException(words, error, status);
  }

  /** The status of HTTP; 0 for a job's failure. */
  int status() {
    return status;
  }

  /** The model's name of it, such as {@code VBOX_E_OBJECT_NOT_FOUND}. */
  public String error() {
    return error;
  }
}
