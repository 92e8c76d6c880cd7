package dev.varve.io.vdi;

import java.io.IOException;

/**
 * A file breaks a rule of the VDI format. Whoever throws it has not changed a byte of the file.
 * Immutable.
 */
public final class VdiFormatException extends IOException {
  private static final long serialVersionUID = 1;

  /**
   * Says all that a user needs to act on.
   *
   * @param name the file
   * @param field what in it is wrong
   * @param value what it holds
   * @param rule what it must hold
   * @param advice what to do
   */
  public VdiFormatException(String name, String field, Object value, String rule, String advice) {
    super(name + ": " + field + " is " + value + ", but " + rule + "; " + advice);
  }
}
