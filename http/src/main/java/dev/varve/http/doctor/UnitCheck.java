package dev.varve.http.doctor;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The service of the Debian package, as systemd sees it. */
record UnitCheck(Installation installation) implements Check {

  private static final String UNIT = "systemd";
  private static final Path RUNNING = Path.of("/run/systemd/system");

  /** What a service may only read, or not see at all. */
  private static final List<String> HOMES = List.of("/home", "/root", "/run/user");

  @Override
  public String subject() {
    return UNIT;
  }

  @Override
  public List<Finding> look() {
    if (!Files.isDirectory(RUNNING))
      return List.of(Finding.good(UNIT, "does not run here, so there is no service to look at"));
    Map<String, String> facts =
        facts(
            Tool.run(
                    List.of(
                        "systemctl",
                        "show",
                        "varve.service",
                        "--property=LoadState,ActiveState,SubState,Result,NRestarts,NeedDaemonReload,ProtectHome"))
                .said());
    return findings(facts);
  }

  static Map<String, String> facts(String shown) {
    Map<String, String> facts = new HashMap<>();
    for (String line : shown.lines().toList()) {
      int equals = line.indexOf('=');
      if (equals > 0) facts.put(line.substring(0, equals), line.substring(equals + 1));
    }
    return facts;
  }

  List<Finding> findings(Map<String, String> facts) {
    List<Finding> findings = new ArrayList<>();
    String load = facts.getOrDefault("LoadState", "unknown");
    if (!load.equals("loaded"))
      return List.of(
          load.equals("not-found") || load.equals("unknown")
              ? Finding.good(UNIT, "there is no varve.service")
              : Finding.wrong(UNIT, "varve.service is " + load, "systemctl status varve"));
    String active = facts.getOrDefault("ActiveState", "");
    String state = "varve.service is %s (%s)".formatted(active, facts.get("SubState"));
    if (active.equals("failed"))
      findings.add(
          Finding.wrong(
              UNIT,
              state + ": " + facts.get("Result"),
              "journalctl -u varve -e; then systemctl restart varve"));
    else findings.add(Finding.good(UNIT, state));
    int restarts = number(facts.get("NRestarts"));
    if (restarts > 0)
      findings.add(
          Finding.warning(
              UNIT,
              "varve.service was started again %d times after a failure".formatted(restarts),
              "journalctl -u varve -e"));
    if ("yes".equals(facts.get("NeedDaemonReload")))
      findings.add(
          Finding.warning(
              UNIT,
              "the unit has changed on disk since systemd read it",
              "systemctl daemon-reload"));
    homes(facts.getOrDefault("ProtectHome", "no"), findings);
    return findings;
  }

  private void homes(String protection, List<Finding> findings) {
    if (protection.equals("no") || installation.configuration() == null) return;
    for (String root : installation.values("media-root"))
      if (HOMES.stream().anyMatch(home -> Path.of(root).startsWith(home)))
        findings.add(
            Finding.warning(
                UNIT,
                "the unit has ProtectHome=%s, so the service cannot write below the media root %s"
                    .formatted(protection, root),
                "systemctl edit varve: [Service] ProtectHome=no; then systemctl restart varve"));
  }

  private static int number(@Nullable String text) {
    return text == null || !text.matches("\\d{1,9}") ? 0 : Integer.parseInt(text);
  }
}
