package dev.varve.http.doctor;

import java.util.Locale;

/** How bad a finding is. Immutable. */
public enum Grade {
  GOOD,
  /** Works, but not as well as it could, or not in every case. */
  WARNING,
  /** Does not work. */
  WRONG;

  /** For people and programs. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
