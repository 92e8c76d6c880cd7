package dev.varve.core.settings;

import java.io.IOException;

/** A settings file is damaged, or says something that cannot be: names the file, line and rule. */
public final class SettingsException extends IOException {
  private static final long serialVersionUID = 1;

  public SettingsException(String message) {
    super(message);
  }
}
