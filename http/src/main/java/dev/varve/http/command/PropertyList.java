package dev.varve.http.command;

import dev.varve.http.log.PrintableText;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A thing as text for people: its name, and below it its properties, one on each line, under the
 * names that they have in JSON. What is null or empty is left out.
 */
final class PropertyList {

  private final StringBuilder text;

  PropertyList(String title) {
    text = new StringBuilder(title);
  }

  /** A fact; {@code name} is in camel case. */
  PropertyList fact(String name, @Nullable Object value) {
    if (value == null || value.equals("")) return this;
    Object word = value instanceof Boolean yes ? (yes ? "yes" : "no") : value;
    text.append("\n  %-18s %s".formatted(words(name), PrintableText.of(word.toString())));
    return this;
  }

  /** Members of {@code json} by their own names. */
  PropertyList facts(JsonObject json, String... names) {
    for (String name : names) fact(name, json.getValue(name));
    return this;
  }

  /** A number of bytes. */
  PropertyList size(String name, long bytes) {
    return fact(name, ByteSize.text(bytes));
  }

  /** Facts of one kind; {@code name} is for one of them. */
  PropertyList each(String name, JsonArray values) {
    values.forEach(value -> fact(name, value));
    return this;
  }

  /** A table below a title. */
  PropertyList table(String title, TextTable table) {
    if (table.isEmpty()) return this;
    text.append("\n  ").append(title);
    table.lines().forEach(line -> text.append("\n    ").append(line));
    return this;
  }

  private static String words(String camelCase) {
    return camelCase.replaceAll("([A-Z])", " $1").toLowerCase(Locale.ROOT);
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
