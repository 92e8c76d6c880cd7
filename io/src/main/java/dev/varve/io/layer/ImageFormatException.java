package dev.varve.io.layer;

import java.io.IOException;

/** Thrown when a file breaks a rule of its format. The file was not changed. Immutable. */
public final class ImageFormatException extends IOException {
  private static final long serialVersionUID = 1;

  /**
   * @param name the file
   * @param field the field that is wrong
   * @param value its value
   * @param rule what the value must be
   * @param advice what the user can do
   */
  public ImageFormatException(String name, String field, Object value, String rule, String advice) {
    super(name + ": " + field + " is " + value + ", but " + rule + "; " + advice);
  }
}
