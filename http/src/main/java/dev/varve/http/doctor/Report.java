package dev.varve.http.doctor;

import dev.varve.core.device.FailureWords;
import dev.varve.core.log.Amount;
import dev.varve.http.log.ProgramLog;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What all checks have found. Immutable; making one blocks, for a bounded time.
 *
 * @param user who looked
 * @param serverUser for whose server
 * @param findings in the order of the checks
 */
public record Report(String user, String serverUser, List<Finding> findings) {

  /** Longer than a disk needs to wake up. */
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  public Report {
    findings = List.copyOf(findings);
  }

  /** Looks at everything. */
  public static Report of(Installation installation) {
    ServerUser server = ServerUser.of(installation);
    return of(installation, server, new Checks(installation, server).all(), PATIENCE);
  }

  /**
   * Looks, with all checks at once.
   *
   * @param patience for which all of them together are waited for
   */
  static Report of(
      Installation installation, ServerUser server, List<Check> checks, Duration patience) {
    ProgramLog.prepare();
    long end = System.nanoTime() + patience.toNanos();
    List<FutureTask<List<Finding>>> looks = new ArrayList<>();
    for (Check check : checks) {
      var look = new FutureTask<>(check::look);
      Thread.ofPlatform().daemon().name("check of " + check.subject()).start(look);
      looks.add(look);
    }
    List<Finding> findings = new ArrayList<>();
    for (int i = 0; i < looks.size(); i++)
      findings.addAll(found(checks.get(i).subject(), looks.get(i), end - System.nanoTime()));
    return new Report(installation.user(), server.name(), findings);
  }

  private static List<Finding> found(String subject, FutureTask<List<Finding>> look, long nanos) {
    try {
      return look.get(Math.max(0, nanos), TimeUnit.NANOSECONDS);
    } catch (TimeoutException _) {
      return List.of(
          Finding.wrong(
              subject,
              "there is no answer: a file system, a server or a program of this host hangs",
              "look at 'dmesg' and 'mount', and end or unmount what hangs"));
    } catch (ExecutionException e) {
      return List.of(
          Finding.warning(
              subject,
              "it cannot be looked at: " + FailureWords.of(e),
              "run 'varve doctor' as root or as the server's user"));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return List.of();
    }
  }

  /** Whether nothing is wrong; there may be warnings. */
  public boolean isGood() {
    return count(Grade.WRONG) == 0;
  }

  private long count(Grade grade) {
    return findings.stream().filter(finding -> finding.grade() == grade).count();
  }

  /** For programs. */
  public JsonObject json() {
    var all = new JsonArray();
    for (Finding finding : findings) all.add(finding.json());
    return new JsonObject()
        .put("user", user)
        .put("serverUser", serverUser)
        .put("wrong", count(Grade.WRONG))
        .put("warnings", count(Grade.WARNING))
        .put("findings", all);
  }

  /** For people, in lines. */
  public String text() {
    int width = findings.stream().mapToInt(each -> each.subject().length()).max().orElse(0);
    List<String> lines = new ArrayList<>();
    lines.add(
        user.equals(serverUser)
            ? "looked as user '%s', for the server of this user".formatted(user)
            : "looked as user '%s', for the server of user '%s'".formatted(user, serverUser));
    for (Finding each : findings) {
      lines.add(
          "%-7s  %s  %s"
              .formatted(
                  each.grade().word(),
                  each.subject() + " ".repeat(width - each.subject().length()),
                  each.what()));
      if (!each.remedy().isEmpty()) lines.add(" ".repeat(width + 11) + "-> " + each.remedy());
    }
    lines.add(wrong() + " wrong, " + Amount.of(count(Grade.WARNING), "warning"));
    return String.join("\n", lines);
  }

  private String wrong() {
    long wrong = count(Grade.WRONG);
    return wrong == 0 ? "nothing is" : Amount.of(wrong, "thing") + (wrong == 1 ? " is" : " are");
  }
}
