package dev.varve.io.vdi;

import java.io.IOException;

/** Thrown when a file breaks a rule of the VDI format. The file was not changed. Immutable. */
public final class VdiFormatException extends IOException {
  private static final long serialVersionUID = 1;

  /**
   * @param name the file
   * @param field the field that is wrong
   * @param value its value
   * @param rule what the value must be
   * @param advice what the user can do
   */
  public VdiFormatException(String name, String field, Object value, String rule, String advice) {
    super(name + ": " + field + " is " + value + ", but " + rule + "; " + advice);
  }
}
