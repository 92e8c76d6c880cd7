package dev.varve.http.command;

import io.vertx.core.json.JsonObject;
import java.io.PrintWriter;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/** How a command prints its answer. For one thread. */
@CommandLineOnly
final class AnswerOptions {

  @Option(
      names = "--output",
      paramLabel = "text|json",
      defaultValue = "TEXT",
      description = "How to print the answer (text).")
  private OutputFormat output;

  OutputFormat format() {
    return output;
  }

  /** Whether a program reads the answer. */
  boolean isJson() {
    return output == OutputFormat.JSON;
  }

  /** Prints the answer in one of its two forms; the other one is not made. */
  void print(PrintWriter out, Supplier<JsonObject> json, Supplier<String> text) {
    out.println(isJson() ? json.get().encode() : text.get());
    out.flush();
  }
}
