package dev.varve.core.inventory;

import dev.varve.core.device.FailureWords;
import dev.varve.core.device.OutOfSpaceException;
import dev.varve.core.machine.Names;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.ModelException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The model's way to say no. */
final class ModelErrors {

  private ModelErrors() {}

  /** The exception to throw. */
  static ModelException of(ErrorCode code, String message, Object... arguments) {
    return new ModelException(code, String.format(Locale.ROOT, message, arguments));
  }

  /**
   * Refuses a name.
   *
   * @param what is named: {@code a machine}
   * @param fault what is wrong with the name; null if nothing is
   */
  static void checkName(String what, @Nullable String fault, String name) {
    if (fault != null)
      throw of(
          ErrorCode.E_INVALIDARG,
          "%s cannot be named '%s': the name %s; choose another",
          what,
          Names.shown(name),
          fault);
  }

  /** What a failing file means to the caller: no room, or the given code. */
  static ModelException of(ErrorCode code, String doing, IOException cause) {
    ErrorCode actual = cause instanceof OutOfSpaceException ? ErrorCode.E_OUTOFMEMORY : code;
    return new ModelException(actual, doing + ": " + why(cause), cause);
  }

  /** What is wrong with which file. */
  static String why(IOException e) {
    return FailureWords.of(e);
  }

  /** What is wrong with {@code file}, without the name of the file. */
  static String why(Path file, IOException e) {
    String why = why(e);
    boolean named = why.startsWith(file + ": ") || why.startsWith(file + ", ");
    return named ? why.substring(file.toString().length() + 2) : why;
  }
}
