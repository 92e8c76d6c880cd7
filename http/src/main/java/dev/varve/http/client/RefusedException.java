package dev.varve.http.client;

import io.vertx.core.json.JsonObject;
import java.io.IOException;

/** The server has refused a request, or a job has failed, for the reason that the message gives. */
public final class RefusedException extends IOException {
  private static final long serialVersionUID = 1;

  private final String detail;
  private final String error;

  /**
   * @param problem as the API writes one: {@code detail} in words, {@code error} by its name
   */
  public RefusedException(JsonObject problem) {
    this(problem.getString("detail"), problem.getString("error"));
  }

  private RefusedException(String detail, String error) {
    super("%s (%s)".formatted(detail, error));
    this.detail = detail;
    this.error = error;
  }

  /** In words, without the name. */
  public String detail() {
    return detail;
  }

  /** The same refusal in other words. */
  public RefusedException saying(String words) {
    return new RefusedException(words, error);
  }

  /** The model's name of it, such as {@code VBOX_E_OBJECT_NOT_FOUND}. */
  public String error() {
    return error;
  }
}
