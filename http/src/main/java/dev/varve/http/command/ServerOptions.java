package dev.varve.http.command;

import dev.varve.http.client.ApiClient;
import dev.varve.http.client.ApiRequest;
import dev.varve.http.client.RefusedException;
import dev.varve.http.client.RemoteServer;
import dev.varve.http.client.StateFolders;
import dev.varve.http.log.PrintableText;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The server that a command asks, and the form in which it prints the answer. */
final class ServerOptions implements AsksServer {

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--state",
      paramLabel = "FOLDER",
      description = "The server's state folder ($VARVE_STATE, or ~/.local/state/varve).")
  private @Nullable Path state;

  @Mixin private AnswerOptions form;

  /** Writes an answer as text for people; may ask the server for more. */
  interface Wording {
    String of(JsonObject answer, ApiClient server) throws IOException;
  }

  /** Asks, and prints the answer: for programs as it is, for people in {@code words}. */
  int ask(ApiRequest request, Wording words) throws IOException {
    Wording wording = request.isDryRun() ? (preview, _) -> PreviewWords.of(preview) : words;
    try (ApiClient server = connect()) {
      print(send(server, request), wording, server);
    }
    return 0;
  }

  /** Asks several times, and prints by itself. */
  interface Conversation {
    /**
     * @param json whether programs read what is printed
     */
    void with(ApiClient server, boolean json, PrintWriter out) throws IOException;
  }

  /** Has a conversation with the server. */
  int talk(Conversation conversation) throws IOException {
    try (ApiClient server = connect()) {
      conversation.with(server, form.isJson(), command.commandLine().getOut());
    } catch (RefusedException e) {
      throw e.saying(ArgumentWords.of(e.detail(), command));
    }
    return 0;
  }

  /** Asks for what is answered by nothing but success; people are told nothing. */
  int tell(ApiRequest request) throws IOException {
    return ask(request, (_, _) -> "");
  }

  /** Asks for long work, waits until it is done, and prints its job for programs only. */
  int run(ApiRequest request, boolean wait) throws IOException {
    return run(request, wait, (_, _) -> "");
  }

  /**
   * The same.
   *
   * @param words what people are told when it is done
   */
  int run(ApiRequest request, boolean wait, Wording words) throws IOException {
    if (request.isDryRun()) return ask(request, words);
    try (ApiClient server = connect();
        var _ = new CleanCancel()) {
      JsonObject job = send(server, request);
      if (wait) {
        job = new JobWait(server, !form.isJson()).untilDone(job);
        print(job, words, server);
      } else {
        print(job, (begun, _) -> begun.getString("id"), server);
      }
    }
    return 0;
  }

  /** A refusal is translated into the words of the command. */
  private JsonObject send(ApiClient server, ApiRequest request) throws IOException {
    try {
      return server.send(request);
    } catch (RefusedException e) {
      throw e.saying(ArgumentWords.of(e.detail(), command));
    }
  }

  private ApiClient connect() throws IOException {
    PrintWriter err = command.commandLine().getErr();
    Consumer<String> notices = notice -> err.println("varve: " + PrintableText.of(notice));
    RemoteOptions remote = RemoteOptions.of(command);
    RemoteServer server = remote == null ? null : remote.server(System.getenv(), state != null);
    if (server != null) {
      RemoteOptions.checkFiles(command.commandLine().getParseResult(), server);
      return new ApiClient(server, notices);
    }
    return new ApiClient(state == null ? StateFolders.usual(System.getenv()) : state, notices);
  }

  private void print(JsonObject answer, Wording words, ApiClient server) throws IOException {
    if (!form.isJson()) AnswerWarnings.print(answer, command.commandLine().getErr());
    String text = form.isJson() ? answer.encode() : PrintableText.lines(words.of(answer, server));
    if (text.isEmpty()) return;
    PrintWriter out = command.commandLine().getOut();
    out.println(text);
    out.flush();
  }
}
