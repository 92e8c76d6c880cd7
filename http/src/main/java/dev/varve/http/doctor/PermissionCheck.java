package dev.varve.http.doctor;

import dev.varve.core.device.FailureWords;
import dev.varve.http.access.AccessToken;
import dev.varve.io.posix.Accounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;

/** Files, users and groups that the settings name: whether they are there, and for whom. */
record PermissionCheck(Installation installation, ServerUser server) implements Check {

  private static final String PERMISSIONS = "permissions";

  /** Settings that name a file to read. */
  private static final List<String> FILES = List.of("tls-certificate", "tls-key", "tls-client-ca");

  @Override
  public String subject() {
    return PERMISSIONS;
  }

  @Override
  public List<Finding> look() throws IOException {
    List<Finding> findings = new ArrayList<>();
    for (String key : FILES)
      for (String value : installation.values(key)) file(key, Path.of(value), findings);
    Path configuration = installation.configuration();
    if (configuration != null) file("config", configuration, findings);
    for (String group : installation.values("socket-group"))
      if (Accounts.group(group).isEmpty() && !group.matches("\\d+"))
        findings.add(
            Finding.wrong(
                PERMISSIONS,
                "--socket-group: there is no group '%s'".formatted(group),
                "groupadd %s; usermod -aG %s %s".formatted(group, group, server.name())));
    for (String socket : installation.values("unix")) folderOf(Path.of(socket), findings);
    token(findings);
    if (findings.isEmpty())
      findings.add(
          Finding.good(
              PERMISSIONS,
              "the user '%s' can read what the settings name".formatted(server.name())));
    return findings;
  }

  private void file(String key, Path file, List<Finding> findings) throws IOException {
    if (server.canBeTried() && !Files.exists(file))
      findings.add(
          Finding.wrong(
              PERMISSIONS,
              "--%s: there is no file %s, or this user cannot see it".formatted(key, file),
              "make the file, or name another one with --" + key));
    else if (!server.may("-r", file))
      findings.add(
          Finding.wrong(
              PERMISSIONS,
              "--%s: the user '%s' cannot read %s".formatted(key, server.name(), file),
              "chgrp %s %s; chmod 640 %s".formatted(server.name(), file, file)));
    else if (key.equals("tls-key")
        && Files.exists(file)
        && Files.getPosixFilePermissions(file).contains(PosixFilePermission.OTHERS_READ))
      findings.add(
          Finding.wrong(
              PERMISSIONS, "every user can read the private key " + file, "chmod 640 " + file));
  }

  private void folderOf(Path socket, List<Finding> findings) {
    Path folder = socket.toAbsolutePath().getParent();
    if (folder == null || (server.may("-w", folder) && server.may("-x", folder))) return;
    findings.add(
        Finding.wrong(
            PERMISSIONS,
            "--unix: the user '%s' cannot make a socket in %s".formatted(server.name(), folder),
            "make the folder, and chown it to " + server.name()));
  }

  private void token(List<Finding> findings) {
    if (!server.canBeTried()) return;
    try {
      AccessToken.of(installation.stateFolder());
    } catch (IOException e) {
      findings.add(
          Finding.wrong(
              PERMISSIONS,
              FailureWords.of(e),
              "rm %s; the server makes a new one when it starts"
                  .formatted(installation.stateFolder().resolve(AccessToken.FILE))));
    }
  }
}
