package dev.varve.http.doctor;

import dev.varve.io.trial.VirtualBoxProcess;
import java.util.ArrayList;
import java.util.List;

/** VirtualBox on this host: it and Varve must not use a machine at the same time. */
record VirtualBoxCheck(ServerUser server, List<VirtualBoxProcess> running) implements Check {

  private static final String VIRTUALBOX = "virtualbox";

  @Override
  public String subject() {
    return VIRTUALBOX;
  }

  @Override
  public List<Finding> look() {
    List<Finding> findings = new ArrayList<>();
    for (VirtualBoxProcess each : running) {
      String machine = each.machine();
      if (machine != null)
        findings.add(
            Finding.warning(
                VIRTUALBOX,
                "%s (process %d, user '%s') runs the machine %s and holds its images: Varve cannot start it"
                    .formatted(each.program(), each.pid(), each.user(), machine),
                "shut it down in VirtualBox before 'varve machine start'"));
      else if (each.user().equals(server.name()) && each.program().equals("VBoxSVC"))
        findings.add(
            Finding.warning(
                VIRTUALBOX,
                "VBoxSVC (process %d) runs as the server's user: it keeps settings files in memory and may write over what Varve has changed"
                    .formatted(each.pid()),
                "close VirtualBox's programs before Varve opens the same machines; VBoxSVC ends some seconds later"));
    }
    if (findings.isEmpty())
      findings.add(
          Finding.good(
              VIRTUALBOX,
              running.isEmpty()
                  ? "does not run"
                  : "runs no machine, and not as the server's user"));
    return findings;
  }
}
