package dev.varve.http.doctor;

import dev.varve.core.device.FailureWords;
import dev.varve.core.log.Amount;
import dev.varve.http.tls.CertificateFiles;
import dev.varve.http.tls.ServerTls;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * The files of TLS, opened as the server does: whether they can be used, how long the certificate
 * is valid, and whether the authorities of clients are authorities.
 */
record CertificateCheck(Installation installation, ServerUser server, Instant now)
    implements Check {

  private static final String CERTIFICATE = "certificate";
  private static final String RENEW = "renew it; a server that runs takes the new files by itself";
  private static final Duration SOON = Duration.ofDays(14);

  @Override
  public String subject() {
    return CERTIFICATE;
  }

  @Override
  public List<Finding> look() {
    var files =
        new CertificateFiles(
            Path.of(installation.value("tls-certificate")),
            Path.of(installation.value("tls-key")),
            installation.values("tls-client-ca").stream().findFirst().map(Path::of).orElse(null));
    ServerTls tls;
    try {
      tls = ServerTls.tried(files);
    } catch (IOException e) {
      return List.of(unusable(e));
    }
    List<Finding> findings = new ArrayList<>();
    findings.add(validity(files.certificate(), tls.certificate()));
    for (String complaint : tls.complaintsOfAuthorities())
      findings.add(
          Finding.warning(
              CERTIFICATE,
              complaint,
              "name the certificate that has signed those of the clients with --tls-client-ca"));
    return findings;
  }

  private Finding unusable(IOException e) {
    if (e.getCause() instanceof AccessDeniedException && !server.isMe())
      return Finding.warning(
          CERTIFICATE,
          FailureWords.of(e),
          "run 'varve doctor' as root or as '%s', whose server reads it".formatted(server.name()));
    return Finding.wrong(
        CERTIFICATE,
        FailureWords.of(e),
        "mend the file, or name another one with --tls-certificate, --tls-key or --tls-client-ca");
  }

  private Finding validity(Path file, X509Certificate own) {
    Instant end = own.getNotAfter().toInstant();
    Instant start = own.getNotBefore().toInstant();
    if (start.isAfter(now))
      return Finding.wrong(CERTIFICATE, file + " is valid from " + start + " on", "set the clock");
    if (end.isBefore(now))
      return Finding.wrong(CERTIFICATE, file + " has expired, at " + end, RENEW);
    String left = "%s is valid for %s".formatted(file, Amount.time(Duration.between(now, end)));
    return end.isBefore(now.plus(SOON))
        ? Finding.warning(CERTIFICATE, left, RENEW)
        : Finding.good(CERTIFICATE, left);
  }
}
