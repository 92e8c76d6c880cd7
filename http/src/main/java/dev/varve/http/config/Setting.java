package dev.varve.http.config;

import java.util.List;

/**
 * A key of the configuration file with its value. Immutable.
 *
 * @param values what stands there, as text: one, or those of a list
 * @param list whether they are written as a list
 * @param line where, from 1
 */
public record Setting(String key, List<String> values, boolean list, int line) {

  public Setting {
    values = List.copyOf(values);
    assert list || values.size() == 1;
  }

  /** The value, as a person reads it. */
  public String text() {
    return list ? "[" + String.join(", ", values) + "]" : values.getFirst();
  }
}
