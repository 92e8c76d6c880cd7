package dev.varve.core.settings;

import dev.varve.core.machine.Names;
import dev.varve.core.medium.UuidText;
import dev.varve.core.xml.XmlElement;
import dev.varve.core.xml.XmlException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The values of attributes, as settings files write them. Wrong ones are refused by line. */
final class Values {

  private static final String NAME = "name";

  private static final Pattern LOCAL_TIME =
      Pattern.compile("\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}");

  private Values() {}

  static String text(XmlElement element, String attribute) throws SettingsException {
    String text = element.attribute(attribute);
    if (text == null)
      throw SettingsException.at(
          element, "the attribute %s is missing; add it".formatted(attribute));
    return text;
  }

  /**
   * A name.
   *
   * @param fault what is wrong with one, or null
   */
  static String name(XmlElement element, Function<String, @Nullable String> fault)
      throws SettingsException {
    String name = text(element, NAME);
    String wrong = fault.apply(name);
    if (wrong != null)
      throw refuse(element, NAME, wrong + "; rename it, in VirtualBox or here in the file");
    return name;
  }

  static UUID uuid(XmlElement element, String attribute) throws SettingsException {
    String text = text(element, attribute);
    boolean braces = text.startsWith("{") && text.endsWith("}") && text.length() > 2;
    String bare = braces ? text.substring(1, text.length() - 1) : text;
    UUID uuid = UuidText.parse(bare);
    if (uuid == null)
      throw refuse(
          element, attribute, "is no uuid; it looks like {d753a53c-e5a7-4910-ad4b-a297422fde94}");
    return uuid;
  }

  static @Nullable UUID uuidIfAny(XmlElement element, String attribute) throws SettingsException {
    return element.attribute(attribute) == null ? null : uuid(element, attribute);
  }

  static String text(UUID uuid) {
    return "{" + uuid + "}";
  }

  static int integer(XmlElement element, String attribute, int min, int max)
      throws SettingsException {
    return (int) number(element, attribute, min, max);
  }

  static long number(XmlElement element, String attribute, long min, long max)
      throws SettingsException {
    String text = text(element, attribute);
    try {
      long number = Long.parseLong(text);
      if (number >= min && number <= max) return number;
    } catch (NumberFormatException e) {
      // said below
    }
    throw refuse(element, attribute, "must be a number from %d to %d".formatted(min, max));
  }

  static boolean flag(XmlElement element, String attribute, boolean missing)
      throws SettingsException {
    String text = element.attribute(attribute);
    if (text == null) return missing;
    return switch (text) {
      case "true", "1", "yes", "on" -> true;
      case "false", "0", "no", "off" -> false;
      default -> throw refuse(element, attribute, "must be true or false");
    };
  }

  /** A time; also one that does not say that it is UTC, which all are. */
  static Instant instant(XmlElement element, String attribute) throws SettingsException {
    String text = text(element, attribute);
    try {
      return Instant.parse(LOCAL_TIME.matcher(text).matches() ? text + "Z" : text);
    } catch (DateTimeException e) {
      throw refuse(element, attribute, "is no time; it looks like 2026-11-23T15:40:41Z");
    }
  }

  static String text(Instant instant) {
    return instant.truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /** A file; one that is relative is meant from {@code folder}. */
  static Path path(XmlElement element, String attribute, Path folder) throws SettingsException {
    String text = text(element, attribute);
    if (text.isEmpty()) throw refuse(element, attribute, "is empty; name a file");
    try {
      return folder.resolve(text).normalize();
    } catch (InvalidPathException e) {
      throw refuse(element, attribute, "cannot be the name of a file on this computer; rename it");
    }
  }

  /** How a file inside {@code folder}, or elsewhere, is written. */
  static String text(Path path, Path folder) {
    Path normal = path.normalize();
    boolean inside = normal.startsWith(folder) && !normal.equals(folder);
    return (inside ? folder.relativize(normal) : normal).toString();
  }

  /**
   * The child of that name, where a second one would not be seen; null if there is none.
   *
   * @throws SettingsException if there are two
   */
  static @Nullable XmlElement only(XmlElement element, String child) throws SettingsException {
    List<XmlElement> found = element.elements(child);
    if (found.size() > 1)
      throw SettingsException.at(
          found.get(1),
          "the element %s is there twice, in line %d too; make one of the two"
              .formatted(child, found.getFirst().line()));
    return found.isEmpty() ? null : found.getFirst();
  }

  /** Sets an attribute, see {@link XmlElement#set}. */
  static void set(XmlElement element, String attribute, String value, List<String> order)
      throws SettingsException {
    try {
      element.set(attribute, value, order);
    } catch (XmlException e) {
      throw new SettingsException(e);
    }
  }

  /** Replaces everything in an element by a text. */
  static void setText(XmlElement element, String text) throws SettingsException {
    try {
      element.setText(text);
    } catch (XmlException e) {
      throw new SettingsException(e);
    }
  }

  static SettingsException refuse(XmlElement element, String attribute, String why) {
    String value = Names.shown(String.valueOf(element.attribute(attribute)));
    return SettingsException.at(element, "%s=\"%s\" %s".formatted(attribute, value, why));
  }
}
