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
      "A session holds a machine, so that several changes are saved together or not at all.",
      "",
      "Without a session each change is saved at once. With --session SESSION a command changes the working copy.",
      ""
    })
final class SessionCommand {

  private static final String SESSION = "SESSION";

  @Command(
      description =
          "Lists the sessions: the machine, the program that holds it, since when, and until when.")
  int list(@Mixin ServerOptions server) throws IOException {
    return server.ask(get("sessions"), MachineWords::sessions);
  }

  @Command(
      description =
          "Begins a session, which holds a machine so that it can be changed; prints the session's id.")
  int lock(
      @Mixin ServerOptions server,
      @Parameters(paramLabel = "MACHINE") String machine,
      @Option(
              names = "--type",
              paramLabel = "Write|Shared",
              defaultValue = "Write",
              description =
                  "Write: this session alone holds the machine. Shared: it joins the session or the run that holds it"
                      + " already (Write).")
          LockType type,
      @Option(
              names = "--lease",
              paramLabel = "SECONDS",
              defaultValue = "3600",
              description =
                  "The session ends by itself if no command names it for this time (3600).")
          int leaseSeconds)
      throws IOException {
    JsonObject session =
        new JsonObject().put("type", type.text()).put("leaseSeconds", leaseSeconds);
    return server.ask(
        post("machines", machine, "sessions").body(session), (begun, _) -> begun.getString("id"));
  }

  @Command(
      description = "Renews a session's lease. Each command that names the session does so too.")
  int renew(@Mixin ServerOptions server, @Parameters(paramLabel = SESSION) String session)
      throws IOException {
    return server.ask(post("sessions", session, "renew"), (_, _) -> "");
  }

  @Command(description = "Saves the working copy; the session goes on.")
  int save(
      @Mixin ServerOptions server,
      @Mixin DryRunOption dryRun,
      @Parameters(paramLabel = SESSION) String session)
      throws IOException {
    return server.tell(dryRun.of(post("sessions", session, "save")));
  }

  @Command(description = "Discards unsaved changes of the working copy; the session goes on.")
  int discard(
      @Mixin ServerOptions server,
      @Mixin DryRunOption dryRun,
      @Parameters(paramLabel = SESSION) String session)
      throws IOException {
    return server.tell(dryRun.of(post("sessions", session, "discard")));
  }

  @Command(
      aliases = "unlock",
      description = "Ends a session, also one of another program; unsaved changes are discarded.")
  int end(@Mixin ServerOptions server, @Parameters(paramLabel = SESSION) String session)
      throws IOException {
    return server.tell(delete("sessions", session));
  }
}
