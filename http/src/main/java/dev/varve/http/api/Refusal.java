package dev.varve.http.api;

import dev.varve.core.medium.ErrorCode;

/**
 * A request that is refused before the model is asked.
 *
 * <p>The message is one sentence for people: what is wrong and what to do.
 */
final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int status;
  private final ErrorCode code;

  Refusal(int status, ErrorCode code, String message) {
    // A client's mistake, as often as it likes: no stack trace is filled in.
    super(message, null, false, false);
    this.status = status;
    this.code = code;
  }

  /** Something in the request is not as the document says. */
  static Refusal malformed(String message) {
    return new Refusal(400, ErrorCode.E_INVALIDARG, message);
  }

  /** There is no such thing. */
  static Refusal unknown(String message) {
    return new Refusal(404, ErrorCode.VBOX_E_OBJECT_NOT_FOUND, message);
  }

  /** Whoever asks may not. */
  static Refusal forbidden(String message) {
    return new Refusal(403, ErrorCode.E_ACCESSDENIED, message);
  }

  int status() {
    return status;
  }

  ErrorCode code() {
    return code;
  }
}
