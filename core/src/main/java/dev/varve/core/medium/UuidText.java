package dev.varve.core.medium;

import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The one form in which people, requests and settings files write a uuid: five groups of
 * hexadecimal digits. {@link UUID#fromString} takes shorter groups too. Thread-safe.
 */
public final class UuidText {

  private static final Pattern FORM =
      Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

  private UuidText() {}

  /** The uuid; null if the text is none. */
  public static @Nullable UUID parse(String text) {
    return FORM.matcher(text).matches() ? UUID.fromString(text) : null;
  }
}
