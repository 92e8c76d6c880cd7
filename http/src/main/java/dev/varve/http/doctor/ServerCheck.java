package dev.varve.http.doctor;

import dev.varve.core.device.FailureWords;
import dev.varve.http.client.ApiClient;
import dev.varve.http.client.ApiRequest;
import dev.varve.http.client.FolderProcess;
import dev.varve.http.client.RefusedException;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The server of the state folder: whether it runs, answers this user, and has warnings itself. */
record ServerCheck(Installation installation) implements Check {

  private static final String SERVER = "server";

  /** Less than that of all checks: the report tells more of a server that hangs. */
  private static final Duration PATIENCE = Duration.ofSeconds(8);

  @Override
  public String subject() {
    return SERVER;
  }

  @Override
  public List<Finding> look() {
    Long process = FolderProcess.of(installation.stateFolder());
    try (var client = new ApiClient(installation.stateFolder(), PATIENCE)) {
      client.send(new ApiRequest(HttpMethod.GET, "/livez", null, null));
      List<Finding> findings = new ArrayList<>();
      findings.add(
          Finding.good(
              SERVER,
              process == null ? "it answers" : "it answers, process %d".formatted(process)));
      readiness(client, findings);
      warnings(client, findings);
      return findings;
    } catch (RefusedException e) {
      return List.of(
          Finding.wrong(
              SERVER,
              "it refuses requests of this user: " + e.detail(),
              "ask its owner for --socket-scope, or run the command as its user"));
    } catch (InterruptedIOException _) {
      return List.of(
          Finding.wrong(
              SERVER,
              "it listens, and has not answered for %d seconds: it is stopped or hangs"
                  .formatted(PATIENCE.toSeconds()),
              process == null
                  ? "look at its log"
                  : "look at its log; 'kill -CONT %d' lets a stopped one go on"
                      .formatted(process)));
    } catch (IOException e) {
      return List.of(silent(process, FailureWords.of(e)));
    }
  }

  private Finding silent(@Nullable Long process, String why) {
    boolean refused = why.contains("may not use its server");
    if (process != null || refused)
      return Finding.wrong(
          SERVER,
          why,
          refused
              ? "--socket-mode 660 and --socket-group GROUP let a group in"
              : "look at its log; 'jcmd %d Thread.print' tells where it waits".formatted(process));
    return Finding.warning(
        SERVER,
        "none runs for " + installation.stateFolder(),
        "varve serve --state %s, or 'systemctl start varve'".formatted(installation.stateFolder()));
  }

  private static void readiness(ApiClient client, List<Finding> findings) throws IOException {
    try {
      client.send(new ApiRequest(HttpMethod.GET, "/readyz", null, null));
    } catch (RefusedException e) {
      findings.add(
          Finding.wrong(
              SERVER, "it is not ready: " + e.detail(), "see 'varve machine list' and its log"));
    }
  }

  private static void warnings(ApiClient client, List<Finding> findings) throws IOException {
    try {
      for (Object each : client.send(ApiRequest.get("machines")).getJsonArray("warnings"))
        findings.add(
            Finding.warning(
                SERVER, ((JsonObject) each).getString("text"), "as its text says; see its log"));
    } catch (RefusedException e) {
      findings.add(
          Finding.warning(
              SERVER,
              "this user may not see its machines: " + e.detail(),
              "run the command as its user"));
    }
  }
}
