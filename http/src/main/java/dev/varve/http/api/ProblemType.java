package dev.varve.http.api;

import dev.varve.core.medium.ErrorCode;
import java.util.Locale;

/**
 * The kinds of problems that the API tells apart. Each has a URI that stays as it is; the document
 * lists and describes them. Immutable.
 */
enum ProblemType {
  INVALID_ARGUMENT(400, "The request is wrong"),
  UNAUTHENTICATED(401, "No valid token"),
  FORBIDDEN(403, "Not allowed"),
  NOT_FOUND(404, "There is no such thing"),
  METHOD_NOT_ALLOWED(405, "The path has no such method"),
  TOO_SLOW(408, "The request came too slowly"),
  IN_USE(409, "The thing is in use"),
  WRONG_STATE(409, "The state does not allow this"),
  WRONG_MACHINE_STATE(409, "The machine's state does not allow this"),
  USED_UP(409, "The thing exists no more"),
  CHANGED(412, "The thing has changed"),
  TOO_LARGE(413, "The request is too large"),
  NOT_JSON(415, "The body is not JSON"),
  NOT_SUPPORTED(422, "Not supported"),
  KEY_REUSED(422, "The key was used for another request"),
  FILE_ERROR(422, "A file cannot be used"),
  DAMAGED_SETTINGS(422, "A settings file is damaged"),
  FAILED(422, "It did not work"),
  CANCELLED(422, "Cancelled"),
  BUG(500, "A bug in Varve"),
  BUSY(503, "Varve is busy"),
  NO_SPACE(507, "There is no space left");

  /** Where the document of the API describes the kinds. */
  static final String PLACE = "/api/v1/problems/";

  private final int status;
  private final String title;

  ProblemType(int status, String title) {
    this.status = status;
    this.title = title;
  }

  /** The usual HTTP status. */
  int status() {
    return status;
  }

  /** In few words, the same for every problem of this kind. */
  String title() {
    return title;
  }

  /** Relative to the server, which gives its description there. */
  String uri() {
    return PLACE + name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** What the model's error means. */
  static ProblemType of(ErrorCode code) {
    return switch (code) {
      case E_INVALIDARG -> INVALID_ARGUMENT;
      case VBOX_E_OBJECT_NOT_FOUND -> NOT_FOUND;
      case VBOX_E_OBJECT_IN_USE -> IN_USE;
      case VBOX_E_INVALID_OBJECT_STATE -> WRONG_STATE;
      case VBOX_E_INVALID_VM_STATE -> WRONG_MACHINE_STATE;
      case E_ACCESSDENIED -> USED_UP;
      case VBOX_E_NOT_SUPPORTED -> NOT_SUPPORTED;
      case VBOX_E_FILE_ERROR -> FILE_ERROR;
      case VBOX_E_XML_ERROR -> DAMAGED_SETTINGS;
      case E_FAIL -> FAILED;
      case E_OUTOFMEMORY -> NO_SPACE;
    };
  }

  /** What a refusal before the model is asked means. */
  static ProblemType of(int status, ErrorCode code) {
    return switch (status) {
      case 401 -> UNAUTHENTICATED;
      case 403 -> FORBIDDEN;
      case 405 -> METHOD_NOT_ALLOWED;
      case 408 -> TOO_SLOW;
      case 412 -> CHANGED;
      case 413, 414, 431 -> TOO_LARGE;
      case 415 -> NOT_JSON;
      case 500 -> BUG;
      case 503 -> BUSY;
      default -> of(code);
    };
  }
}
