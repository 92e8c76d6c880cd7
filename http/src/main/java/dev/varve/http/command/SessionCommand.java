package dev.varve.http.command;

import static dev.varve.http.client.ApiRequest.delete;
import static dev.varve.http.client.ApiRequest.get;
import static dev.varve.http.client.ApiRequest.post;

import dev.varve.core.machine.LockType;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code varve machine session}: several changes that are saved together. */
@Command(
    name = "session",
    synopsisSubcommandLabel = "COMMAND",
    description = {
      "Holds a machine, so that several changes are saved together or not at all.",
      "",
      "Without a session each change is saved at once. With one, whose id --session gives, it changes a working copy.",
      ""
    })
final class SessionCommand {

  private static final String SESSION = "SESSION";

  @Command(
      description =
          "Lists the sessions that have not ended: which program holds which machine, since when, and until when.")
  int list(@Mixin ServerOptions server) throws IOException {
    return server.ask(get("sessions"), MachineWords::sessions);
  }

  @Command(description = "Holds a machine to change it; prints the session's id.")
  int lock(
      @Mixin ServerOptions server,
      @Parameters(paramLabel = "MACHINE") String machine,
      @Option(
              names = "--type",
              paramLabel = "Write|Shared",
              defaultValue = "Write",
              description =
                  "Alone, or together with whoever holds the machine already, as with a running one"
                      + " (Write).")
          LockType type,
      @Option(
              names = "--lease",
              paramLabel = "SECONDS",
              defaultValue = "3600",
              description = "End it by itself when no command names it for so long (3600).")
          int leaseSeconds)
      throws IOException {
    JsonObject session =
        new JsonObject().put("type", type.text()).put("leaseSeconds", leaseSeconds);
    return server.ask(
        post("machines", machine, "sessions").body(session), (begun, _) -> begun.getString("id"));
  }

  @Command(description = "Begins a session's lease anew, as each command does that names it.")
  int renew(@Mixin ServerOptions server, @Parameters(paramLabel = SESSION) String session)
      throws IOException {
    return server.ask(post("sessions", session, "renew"), (_, _) -> "");
  }

  @Command(description = "Saves the working copy; the session goes on.")
  int save(@Mixin ServerOptions server, @Parameters(paramLabel = SESSION) String session)
      throws IOException {
    return server.tell(post("sessions", session, "save"));
  }

  @Command(description = "Makes the working copy what was last saved; the session goes on.")
  int discard(@Mixin ServerOptions server, @Parameters(paramLabel = SESSION) String session)
      throws IOException {
    return server.tell(post("sessions", session, "discard"));
  }

  @Command(
      aliases = "unlock",
      description =
          "Ends a session, also one of another program; changes that were not saved are discarded.")
  int end(@Mixin ServerOptions server, @Parameters(paramLabel = SESSION) String session)
      throws IOException {
    return server.tell(delete("sessions", session));
  }
}
