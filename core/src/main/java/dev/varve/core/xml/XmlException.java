package dev.varve.core.xml;

import java.io.IOException;

/**
 * XML that cannot be read, or a value that cannot be written: names the file and the line.
 * Immutable.
 */
public final class XmlException extends IOException {
  private static final long serialVersionUID = 1;

  XmlException(String message) {
    super(message);
  }
}
