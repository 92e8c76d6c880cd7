package dev.varve.core.medium;

/**
 * The model refuses a call, and has changed nothing. Immutable, and so are its subclasses.
 *
 * <p>The message is one sentence for people: the thing, the number, the rule, and what to do.
 */
public class ModelException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final ErrorCode code;

  public ModelException(ErrorCode code, String message) {
    super(message);
    this.code = code;
  }

  public ModelException(ErrorCode code, String message, Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  /** Which of the model's errors this is. */
  public ErrorCode code() {
    return code;
  }
}
