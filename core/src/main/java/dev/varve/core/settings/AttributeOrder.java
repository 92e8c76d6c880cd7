package dev.varve.core.settings;

import dev.varve.core.xml.XmlElement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The attributes that stand for a value, in the order in which a new element gets them. Not
 * thread-safe.
 */
final class AttributeOrder {

  private final List<String> order = new ArrayList<>();
  private final Map<String, String> values = new LinkedHashMap<>();

  /**
   * @param value null: not written, because it is what a reader takes if it is missing
   */
  AttributeOrder with(String attribute, @Nullable String value) {
    order.add(attribute);
    if (value != null) values.put(attribute, value);
    return this;
  }

  AttributeOrder withTrue(String attribute, boolean value) {
    return with(attribute, value ? "true" : null);
  }

  /** Gives them to a new element. */
  void writeTo(XmlElement element) throws SettingsException {
    for (var field : values.entrySet())
      Values.set(element, field.getKey(), field.getValue(), order);
  }

  /**
   * Changes those attributes of an element that mean something else than before.
   *
   * @param before what the element says now
   */
  void writeTo(XmlElement element, AttributeOrder before) throws SettingsException {
    for (String attribute : order) {
      String value = values.get(attribute);
      if (Objects.equals(value, before.values.get(attribute))) continue;
      if (value == null) element.remove(attribute);
      else Values.set(element, attribute, value, order);
    }
  }
}
