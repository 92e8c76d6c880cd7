package dev.varve.http.doctor;

import io.vertx.core.json.JsonObject;

/**
 * What a check has found. Immutable.
 *
 * @param subject what was looked at, in a word or two
 * @param what is good or wrong
 * @param remedy a command or a setting that mends it; empty if there is nothing to mend
 */
public record Finding(Grade grade, String subject, String what, String remedy) {

  static Finding good(String subject, String what) {
    return new Finding(Grade.GOOD, subject, what, "");
  }

  static Finding warning(String subject, String what, String remedy) {
    return new Finding(Grade.WARNING, subject, what, remedy);
  }

  static Finding wrong(String subject, String what, String remedy) {
    return new Finding(Grade.WRONG, subject, what, remedy);
  }

  JsonObject json() {
    return new JsonObject()
        .put("grade", grade.word())
        .put("subject", subject)
        .put("what", what)
        .put("remedy", remedy.isEmpty() ? null : remedy);
  }
}
