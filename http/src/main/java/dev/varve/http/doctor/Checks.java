package dev.varve.http.doctor;

import dev.varve.io.trial.VirtualBoxProcess;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** All checks of an installation, in the order in which they are told. For one thread. */
record Checks(Installation installation, ServerUser server) {

  List<Check> all() {
    Instant now = Instant.now();
    List<Check> checks = new ArrayList<>();
    checks.add(new KernelCheck(installation));
    checks.add(new LimitsCheck(installation));
    checks.add(new JavaCheck());
    checks.add(new ClockCheck(installation, now));
    checks.add(new ConfigurationCheck(installation));
    checks.add(new PermissionCheck(installation, server));
    if (!installation.value("tls-certificate").isEmpty()
        && !installation.value("tls-key").isEmpty())
      checks.add(new CertificateCheck(installation, server, now));
    checks.add(new PlaceCheck("state folder", installation.stateFolder(), true, server));
    for (String root : installation.values("media-root"))
      checks.add(new PlaceCheck("media root", Path.of(root), false, server));
    for (Path named : named()) checks.add(new NamedCheck(installation, named, server));
    installation
        .addresses()
        .forEach((key, address) -> checks.add(new AddressCheck(installation, key, address)));
    checks.add(new VirtualBoxCheck(server, VirtualBoxProcess.all()));
    checks.add(new UnitCheck(installation));
    checks.add(new ServerCheck(installation));
    return checks;
  }

  /** What the user names, and the settings files of machines that start with the server. */
  private Set<Path> named() {
    Set<Path> named = new LinkedHashSet<>(installation.named());
    for (String machine : installation.values("start-machines"))
      if (machine.contains("/")) named.add(Path.of(machine).toAbsolutePath().normalize());
    return named;
  }
}
