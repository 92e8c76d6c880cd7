package dev.varve.core.ovf;

import dev.varve.core.xml.XmlElement;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a descriptor, whatever prefixes its maker has chosen: elements and attributes are
 * found by their local names. Any thread.
 */
final class OvfFields {

  private OvfFields() {}

  /** The children of one of these local names. */
  static List<XmlElement> all(XmlElement element, String... names) {
    List<String> wanted = List.of(names);
    return element.elements().stream().filter(e -> wanted.contains(e.localName())).toList();
  }

  /** The first child of that local name; null if there is none. */
  static @Nullable XmlElement first(XmlElement element, String name) {
    for (XmlElement child : element.elements()) if (child.localName().equals(name)) return child;
    return null;
  }

  /** What a child says; null if there is none, or nothing in it. */
  static @Nullable String text(XmlElement element, String name) {
    XmlElement child = first(element, name);
    String text = child == null ? "" : child.text().strip();
    return text.isEmpty() ? null : text;
  }

  /** An attribute that must be there and not empty. */
  static String required(XmlElement element, String attribute) throws OvfException {
    String value = element.attributeOfAnyPrefix(attribute);
    if (value == null || value.isBlank())
      throw OvfException.at(element, "the attribute %s is missing; add it".formatted(attribute));
    return value;
  }

  /**
   * A number that is not negative.
   *
   * @param field for messages
   */
  static long number(XmlElement element, String field, String text) throws OvfException {
    try {
      long number = Long.parseLong(text.strip());
      if (number >= 0) return number;
    } catch (NumberFormatException e) {
      // said below
    }
    throw OvfException.at(
        element, field, text, "is no number from 0 to %d; put one there".formatted(Long.MAX_VALUE));
  }

  /**
   * A quantity in bytes.
   *
   * @param unit empty for bytes
   */
  static long bytes(XmlElement element, String field, String text, String unit)
      throws OvfException {
    long size = OvfUnits.bytes(unit);
    if (size == 0)
      throw OvfException.at(
          element, "the unit of " + field, unit, "is not known; use byte, or byte * 2^20");
    try {
      return Math.multiplyExact(number(element, field, text), size);
    } catch (ArithmeticException e) {
      throw OvfException.at(
          element,
          field,
          text,
          "with the unit \"%s\" is more than %d bytes; correct one of them"
              .formatted(unit, Long.MAX_VALUE));
    }
  }
}
