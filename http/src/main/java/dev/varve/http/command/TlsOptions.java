package dev.varve.http.command;

import dev.varve.http.server.TcpAddress;
import dev.varve.http.tls.CertificateFiles;
import dev.varve.http.tls.ClientCertificates;
import dev.varve.http.tls.ServerTls;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options for TLS on the TCP ports of a server, and for doing without it. For one thread. */
final class TlsOptions {

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--tls-certificate",
      paramLabel = "FILE.pem",
      description =
          "The server's certificate, with those between it and its authority. All TCP ports speak TLS then, for NBD and"
              + " HTTP. It is read again when the file changes.")
  private @Nullable Path certificate;

  @Option(
      names = "--tls-key",
      paramLabel = "FILE.pem",
      description = "The private key of the certificate, without a password.")
  private @Nullable Path key;

  @Option(
      names = "--tls-client-ca",
      paramLabel = "FILE.pem",
      description = "Ask clients for a certificate that one of these authorities has signed.")
  private @Nullable Path clientAuthority;

  @Option(
      names = "--tls-clients",
      paramLabel = "optional|required",
      description = "Whether NBD clients have to show a certificate (required).")
  private @Nullable ClientCertificates disks;

  @Option(
      names = "--tls-api-clients",
      paramLabel = "optional|required",
      description =
          "Whether clients of HTTP have to show a certificate (optional); they need a token in either case.")
  private @Nullable ClientCertificates requests;

  @Option(
      names = "--allow-unencrypted-nbd",
      description =
          "Let other hosts use NBD without TLS: anyone in the network can read and change what goes over it.")
  private boolean unencrypted;

  /** Checks that the options go together. */
  void check() {
    if ((certificate == null) != (key == null))
      throw wrong("--tls-certificate and --tls-key go together: name both files");
    if (certificate == null && clientAuthority != null)
      throw wrong("--tls-client-ca needs a certificate of the server: add --tls-certificate");
    if (clientAuthority == null && (disks != null || requests != null))
      throw wrong(
          "--tls-clients and --tls-api-clients need the authority of the clients: add --tls-client-ca");
    if (certificate != null && unencrypted)
      throw wrong(
          "--allow-unencrypted-nbd and --tls-certificate contradict each other: remove one of them");
  }

  /**
   * Checks that no disk is open to other hosts by mistake.
   *
   * @param nbd where NBD clients can connect; null for Unix sockets only
   */
  void checkNbd(@Nullable TcpAddress nbd) {
    if (nbd != null && !nbd.isLoopback() && certificate == null && !unencrypted)
      throw wrong(
          "--tcp %s: other hosts can connect there, and NBD without TLS has no encryption and no authentication; give the server a certificate with --tls-certificate and --tls-key, or accept the risk with --allow-unencrypted-nbd"
              .formatted(nbd));
  }

  /**
   * Checks that other hosts need TLS for the API.
   *
   * @param api where it answers; null for the usual address
   */
  void checkApi(@Nullable ApiAddress api) {
    if (api != null && api.tcp() != null && !api.tcp().leadsToThisMachine() && certificate == null)
      throw wrong(
          "--api-tcp %s: other hosts can connect there, and without TLS the API is for this machine only; listen on 127.0.0.1, or give the server a certificate with --tls-certificate and --tls-key"
              .formatted(api.tcp()));
  }

  /** Reads the certificates; null if there are none. */
  @Nullable ServerTls open() throws IOException {
    if (certificate == null || key == null) return null;
    return ServerTls.open(
        new CertificateFiles(
            certificate.toAbsolutePath(),
            key.toAbsolutePath(),
            clientAuthority == null ? null : clientAuthority.toAbsolutePath()),
        disks == null ? ClientCertificates.REQUIRED : disks,
        requests == null ? ClientCertificates.OPTIONAL : requests);
  }

  /** Where the files are, which are read again when they change. */
  Set<Path> folders() {
    return Stream.of(certificate, key, clientAuthority)
        .filter(Objects::nonNull)
        .map(file -> file.toAbsolutePath().normalize().getParent())
        .collect(Collectors.toSet());
  }

  private ParameterException wrong(String message) {
    return new ParameterException(command.commandLine(), message);
  }
}
