package dev.varve.http.api;

import dev.varve.core.medium.ErrorCode;
import dev.varve.http.access.Grant;
import java.util.List;

/**
 * A request that is refused before the model is asked, with its HTTP status.
 *
 * <p>The message is one sentence for people: what is wrong and what to do.
 */
final class RefusedRequest extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int status;
  private final ErrorCode code;
  private final ProblemType type;
  private final transient List<WayOut> waysOut;

  RefusedRequest(int status, ErrorCode code, String message) {
    this(status, code, message, List.of());
  }

  /** One of a kind that has a status and a code of its own. */
  RefusedRequest(ProblemType type, ErrorCode code, String message) {
    this(type.status(), code, type, message, List.of());
  }

  /**
   * @param waysOut requests that remove what stands in the way
   */
  RefusedRequest(int status, ErrorCode code, String message, List<WayOut> waysOut) {
    this(status, code, ProblemType.of(status, code), message, waysOut);
  }

  private RefusedRequest(
      int status, ErrorCode code, ProblemType type, String message, List<WayOut> waysOut) {
    // No stack trace: a client may make this mistake at any rate.
    super(message, null, false, false);
    this.status = status;
    this.code = code;
    this.type = type;
    this.waysOut = List.copyOf(waysOut);
  }

  /** Something in the request does not match the document. */
  static RefusedRequest malformed(String message) {
    return new RefusedRequest(400, ErrorCode.E_INVALIDARG, message);
  }

  /** There is no such thing. */
  static RefusedRequest unknown(String message) {
    return new RefusedRequest(404, ErrorCode.VBOX_E_OBJECT_NOT_FOUND, message);
  }

  /** The client may not do this. */
  static RefusedRequest forbidden(String message) {
    return new RefusedRequest(403, ErrorCode.E_ACCESSDENIED, message);
  }

  /** The client's rights do not reach as far as this. */
  static RefusedRequest beyond(Grant grant, String held, String needed) {
    return forbidden(
        "this needs the scope %s, and %s has the scope %s".formatted(needed, grant.holder(), held));
  }

  int status() {
    return status;
  }

  ProblemType type() {
    return type;
  }

  List<WayOut> waysOut() {
    return waysOut;
  }

  ErrorCode code() {
    return code;
  }
}
