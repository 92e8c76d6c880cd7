package dev.varve.core.inventory;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.ModelException;
import java.io.IOException;
import java.util.Locale;

/** The model's way to say no. */
final class Refusal {

  private Refusal() {}

  /** The exception to throw. */
  static ModelException of(ErrorCode code, String message, Object... arguments) {
    return new ModelException(code, String.format(Locale.ROOT, message, arguments));
  }

  /** What a failing file means to the caller: no room, or the given code. */
  static ModelException of(ErrorCode code, String doing, IOException cause) {
    ErrorCode actual = cause instanceof OutOfSpaceException ? ErrorCode.E_OUTOFMEMORY : code;
    String why = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    return new ModelException(actual, doing + ": " + why, cause);
  }
}
