package dev.varve.http.doctor;

import dev.varve.core.device.FailureWords;
import dev.varve.http.access.AccessToken;
import dev.varve.http.access.Tokens;
import dev.varve.io.posix.Accounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Files, users and groups that the settings name, folders of sockets, and the tokens: whether the
 * server's user can use them, and no other user what is secret.
 */
record PermissionCheck(Installation installation, ServerUser server) implements Check {

  private static final String PERMISSIONS = "permissions";

  /** Settings that name a file to read. */
  private static final List<String> FILES = List.of("tls-certificate", "tls-key", "tls-client-ca");

  private static final Pattern SCOPE = Pattern.compile("(user|group)=([^:]+):.*", Pattern.DOTALL);

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
      account("socket-group", "group", group, findings);
    for (String rule : installation.values("socket-scope")) {
      Matcher parts = SCOPE.matcher(rule);
      if (parts.matches()) account("socket-scope", parts.group(1), parts.group(2), findings);
    }
    for (String socket : installation.values("unix")) socket(Path.of(socket), findings);
    for (String folder : installation.values("vhost-user-dir"))
      guestFolder(Path.of(folder), findings);
    tokens(findings);
    if (!server.canBeTried())
      findings.add(
          Finding.warning(
              PERMISSIONS,
              "this user is not '%s', and cannot try whether that one can read what the settings name"
                  .formatted(server.name()),
              "run 'varve doctor' as root or as " + server.name()));
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

  private static void account(String key, String kind, String name, List<Finding> findings)
      throws IOException {
    boolean group = kind.equals("group");
    boolean there = (group ? Accounts.group(name) : Accounts.user(name)).isPresent();
    if (!there && !name.matches("\\d+"))
      findings.add(
          Finding.wrong(
              PERMISSIONS,
              "--%s: there is no %s '%s'".formatted(key, kind, name),
              "%s %s, or name another one with --%s"
                  .formatted(group ? "groupadd" : "useradd", name, key)));
  }

  private void socket(Path socket, List<Finding> findings) {
    Path folder = socket.toAbsolutePath().getParent();
    if (Files.isRegularFile(socket) || Files.isDirectory(socket))
      findings.add(
          Finding.wrong(
              PERMISSIONS,
              "--unix: %s is not a socket, and a server replaces nothing else".formatted(socket),
              "remove it, or choose another path with --unix"));
    if (folder != null) socketsIn("unix", folder, findings);
  }

  /** The server makes it if it is missing. */
  private void guestFolder(Path folder, List<Finding> findings) {
    Path there = folder.toAbsolutePath();
    while (there != null && !Files.exists(there)) there = there.getParent();
    if (there != null) socketsIn("vhost-user-dir", there, findings);
  }

  private void socketsIn(String key, Path folder, List<Finding> findings) {
    if (Files.exists(folder) && !Files.isDirectory(folder))
      findings.add(
          Finding.wrong(
              PERMISSIONS,
              "--%s: %s is not a folder".formatted(key, folder),
              "remove it, or choose another path with --" + key));
    else if (!server.may("-w", folder) || !server.may("-x", folder))
      findings.add(
          Finding.wrong(
              PERMISSIONS,
              "--%s: the user '%s' cannot make a socket in %s"
                  .formatted(key, server.name(), folder),
              Files.exists(folder)
                  ? new AccessWords(server.name()).toFolder(folder)
                  : "make the folder: mkdir -p %s; chown %s %s"
                      .formatted(folder, server.name(), folder)));
  }

  private void tokens(List<Finding> findings) {
    if (!server.canBeTried()) return;
    Path folder = installation.stateFolder();
    try {
      Tokens.check(folder);
    } catch (IOException e) {
      findings.add(
          Finding.warning(
              PERMISSIONS,
              "no token except the owner's is valid: " + FailureWords.of(e),
              "then 'varve token list'"));
    }
    try {
      AccessToken.of(folder);
    } catch (IOException e) {
      findings.add(
          Finding.wrong(
              PERMISSIONS,
              FailureWords.of(e),
              "rm %s; the server makes a new one when it starts"
                  .formatted(folder.resolve(AccessToken.FILE))));
    }
  }
}
