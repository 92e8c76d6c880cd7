package dev.varve.http.bundle;

import dev.varve.http.access.AccessToken;
import dev.varve.http.doctor.Installation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** What must not leave this host, as far as this user can know it. Stateless; blocks. */
final class KnownSecrets {

  private static final Pattern SECRET_VARIABLE =
      Pattern.compile("(?i).*(token|password|passwd|secret|key|credential).*");

  /** A shorter one would be found in the middle of words. */
  private static final int SHORTEST = 6;

  private static final int MOST_BYTES = 1 << 16;

  private KnownSecrets() {}

  /**
   * The owner's token, those in files that the environment names, and values of variables that are
   * called a secret.
   */
  static Set<String> of(Installation installation, Map<String, String> environment) {
    Set<String> secrets = new LinkedHashSet<>();
    addContents(installation.stateFolder().resolve(AccessToken.FILE), secrets);
    String tokenFile = environment.getOrDefault("VARVE_TOKEN_FILE", "");
    if (!tokenFile.isEmpty()) addContents(Path.of(tokenFile), secrets);
    environment.forEach(
        (name, value) -> {
          boolean file = value.startsWith("/");
          if (SECRET_VARIABLE.matcher(name).matches() && !file && value.length() >= SHORTEST)
            secrets.add(value);
        });
    return secrets;
  }

  private static void addContents(Path file, Set<String> secrets) {
    try {
      if (!Files.isRegularFile(file) || Files.size(file) > MOST_BYTES) return;
      String text = Files.readString(file, StandardCharsets.ISO_8859_1);
      for (String line : text.lines().toList())
        if (line.strip().length() >= SHORTEST) secrets.add(line.strip());
    } catch (IOException _) {
      // This user cannot read it, so neither can a part.
    }
  }

  /** Names of hosts: this one, and those that the settings name. */
  static Set<String> hosts(Installation installation) {
    Set<String> hosts = new LinkedHashSet<>();
    try {
      String name = Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
      hosts.add(name);
      hosts.add(name.replaceFirst("\\..*", ""));
    } catch (IOException _) {
      // No /proc: nothing here knows the name.
    }
    installation
        .addresses()
        .values()
        .forEach(
            address -> {
              if (!address.host().matches("[0-9.:\\[\\]]*|localhost")) hosts.add(address.host());
            });
    return hosts;
  }

  /** Names of users and groups: who runs this, and those that the settings name. */
  static Set<String> users(Installation installation, String serverUser) {
    Set<String> users = new LinkedHashSet<>(List.of(installation.user(), serverUser));
    users.addAll(installation.values("socket-group"));
    for (String scope : installation.values("socket-scope"))
      users.add(scope.replaceFirst("^(user|group)=", "").replaceFirst(":.*", ""));
    return users;
  }
}
