package dev.varve.http.access;

import java.util.Locale;

/** How much a client may do. Each scope includes those before it. Immutable. */
public enum Scope {
  /** Scrape the metrics, and ask whether the server is well. */
  METRICS,
  /** Look at everything. */
  READ,
  /** Change and run certain machines, and the media that only they use. */
  OPERATE,
  /** Everything, also make and withdraw tokens. */
  ADMIN;

  /** Its word in the API, in options and in files. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The scope of a word.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Scope of(String text) {
    for (Scope scope : values()) if (scope.text().equals(text)) return scope;
    throw new IllegalArgumentException("'" + text + "' is no scope");
  }

  /** Whether a client of this scope may do what needs the other. */
  public boolean includes(Scope needed) {
    return compareTo(needed) >= 0;
  }
}
