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

  @Command(description = "Lists the sessions that have not ended.")
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
          LockType type)
      throws IOException {
    return server.ask(
        post("machines", machine, "sessions").body(new JsonObject().put("type", type.text())),
        (session, _) -> session.getString("id"));
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

  @Command(description = "Ends a session; changes that were not saved are discarded.")
  int unlock(@Mixin ServerOptions server, @Parameters(paramLabel = SESSION) String session)
      throws IOException {
    return server.tell(delete("sessions", session));
  }
}
