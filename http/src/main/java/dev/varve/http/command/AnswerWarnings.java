package dev.varve.http.command;

import dev.varve.http.log.PrintableText;
import io.vertx.core.json.JsonObject;
import java.io.PrintWriter;

/**
 * Prints the warnings of an answer: the request was carried out, but something about it may
 * surprise the user. The member {@code warnings} of any answer is an array of texts; the warnings
 * in the list of machines are objects, and part of what is listed.
 */
final class AnswerWarnings {

  private AnswerWarnings() {}

  /** Prints each on a line of its own. */
  static void print(JsonObject answer, PrintWriter err) {
    if (!answer.containsKey("warnings")) return;
    for (Object warning : answer.getJsonArray("warnings"))
      if (warning instanceof String text) err.println("varve: warning: " + PrintableText.of(text));
    err.flush();
  }
}
