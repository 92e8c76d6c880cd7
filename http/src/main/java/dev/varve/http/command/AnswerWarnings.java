package dev.varve.http.command;

import io.vertx.core.json.JsonObject;
import java.io.PrintWriter;

/**
 * What an answer of the server warns of: the request was carried out, and something about it is not
 * as the user may expect. The member {@code warnings} of any answer is an array of texts; the
 * warnings in the list of machines are objects, and part of what is listed.
 */
final class AnswerWarnings {

  private AnswerWarnings() {}

  /** Prints each on a line of its own. */
  static void print(JsonObject answer, PrintWriter err) {
    if (!answer.containsKey("warnings")) return;
    for (Object warning : answer.getJsonArray("warnings"))
      if (warning instanceof String text) err.println("varve: warning: " + text);
    err.flush();
  }
}
