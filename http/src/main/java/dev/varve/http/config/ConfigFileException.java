package dev.varve.http.config;

import java.io.IOException;
import java.util.List;

/** A configuration file cannot be used. For one thread. */
public final class ConfigFileException extends IOException {

  private static final long serialVersionUID = 1;

  private final List<String> problems;

  /**
   * @param problems sentences, each with the file, the line, and what to do; at least one
   */
  public ConfigFileException(List<String> problems) {
    super(String.join("\n", problems));
    this.problems = List.copyOf(problems);
  }

  ConfigFileException(String problem) {
    this(List.of(problem));
  }

  /** All that is wrong with the file. */
  public List<String> problems() {
    return problems;
  }
}
