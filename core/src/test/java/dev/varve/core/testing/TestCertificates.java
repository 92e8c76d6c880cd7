package dev.varve.core.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Certificates for tests, made with the program {@code openssl}: an authority and what it signs.
 * Each is a pair of PEM files in a folder. Not thread-safe; every method waits for the program.
 */
public final class TestCertificates {

  private static final List<String> NEW_KEY =
      List.of("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes");

  private final Path folder;
  private final String authority;

  private TestCertificates(Path folder, String authority) {
    this.folder = folder;
    this.authority = authority;
  }

  /** A new authority, in {@code NAME-cert.pem} and {@code NAME-key.pem} of the folder. */
  public static TestCertificates authority(Path folder, String name) throws IOException {
    Files.createDirectories(folder);
    var made = new TestCertificates(folder, name);
    List<String> command = new ArrayList<>(List.of("openssl", "req", "-x509"));
    command.addAll(NEW_KEY);
    command.addAll(List.of("-days", "30", "-subj", "/CN=Test authority " + name));
    command.addAll(List.of("-keyout", made.key(name).toString()));
    command.addAll(List.of("-out", made.certificate(name).toString()));
    made.run(command);
    return made;
  }

  /** Copies of all that was made, for a test that changes them. */
  public TestCertificates copiedTo(Path other) throws IOException {
    try (var files = Files.newDirectoryStream(folder, "*.{pem,srl}")) {
      for (Path file : files) Files.copy(file, other.resolve(file.getFileName()));
    }
    return new TestCertificates(other, authority);
  }

  /** Signs a certificate for a host, by its name and the address 127.0.0.1. */
  public TestCertificates server(String name, String host) throws IOException {
    return sign(name, host, "DNS:" + host + ",IP:127.0.0.1", 30);
  }

  /** Signs one for this name alone, not for the address. */
  public TestCertificates misnamed(String name, String host) throws IOException {
    return sign(name, host, "DNS:" + host, 30);
  }

  /** Signs one for a host that is not valid any more. */
  public TestCertificates expired(String name, String host) throws IOException {
    return sign(name, host, "DNS:" + host + ",IP:127.0.0.1", -1);
  }

  /** Signs a certificate for a client. */
  public TestCertificates client(String name) throws IOException {
    return sign(name, name, "DNS:" + name, 30);
  }

  private TestCertificates sign(String name, String subject, String alternatives, int days)
      throws IOException {
    Path request = folder.resolve(name + ".csr");
    List<String> ask = new ArrayList<>(List.of("openssl", "req", "-new"));
    ask.addAll(NEW_KEY);
    ask.addAll(List.of("-subj", "/CN=" + subject, "-addext", "subjectAltName=" + alternatives));
    ask.addAll(List.of("-keyout", key(name).toString(), "-out", request.toString()));
    run(ask);
    List<String> sign = new ArrayList<>(List.of("openssl", "x509", "-req", "-in"));
    sign.addAll(List.of(request.toString(), "-CA", authority().toString()));
    sign.addAll(List.of("-CAkey", key(authority).toString(), "-CAcreateserial"));
    sign.addAll(List.of("-copy_extensions", "copyall", "-days", Integer.toString(days)));
    sign.addAll(List.of("-out", certificate(name).toString()));
    run(sign);
    return this;
  }

  /** The authority's certificate. */
  public Path authority() {
    return certificate(authority);
  }

  public Path certificate(String name) {
    return folder.resolve(name + "-cert.pem");
  }

  public Path key(String name) {
    return folder.resolve(name + "-key.pem");
  }

  /** A folder as QEMU and libnbd want it, for a client that trusts this authority. */
  public Path clientFolder() throws IOException {
    Path made = Files.createDirectories(folder.resolve(authority + "-trusted"));
    if (Files.notExists(made.resolve("ca-cert.pem")))
      Files.copy(authority(), made.resolve("ca-cert.pem"));
    return made;
  }

  /** The same for a client that shows the certificate of this name. */
  public Path clientFolder(String name) throws IOException {
    Path made = Files.createDirectories(folder.resolve(authority + "-" + name));
    Files.copy(authority(), made.resolve("ca-cert.pem"));
    Files.copy(certificate(name), made.resolve("client-cert.pem"));
    Files.copy(key(name), made.resolve("client-key.pem"));
    return made;
  }

  private void run(List<String> command) throws IOException {
    Path log = folder.resolve("openssl.log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      if (!process.waitFor(60, TimeUnit.SECONDS)) process.destroyForcibly();
      if (process.waitFor() != 0) throw new IOException(command + ": " + Files.readString(log));
    } catch (InterruptedException e) {
      process.destroyForcibly();
      throw new IOException("interrupted", e);
    }
  }
}
