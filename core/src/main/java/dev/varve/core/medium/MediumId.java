package dev.varve.core.medium;

import java.util.UUID;

/** The identity of a medium: for a VDI image, the uuid in its header. Immutable. */
public record MediumId(UUID uuid) implements Comparable<MediumId> {

  /**
   * The id that {@code text} names, with or without braces.
   *
   * @throws IllegalArgumentException if it is no uuid
   */
  public static MediumId of(String text) {
    String bare =
        text.startsWith("{") && text.endsWith("}") ? text.substring(1, text.length() - 1) : text;
    return new MediumId(UUID.fromString(bare));
  }

  @Override
  public int compareTo(MediumId other) {
    return toString().compareTo(other.toString());
  }

  /** As in JSON and on the command line: without braces. */
  @Override
  public String toString() {
    return uuid.toString();
  }
}
