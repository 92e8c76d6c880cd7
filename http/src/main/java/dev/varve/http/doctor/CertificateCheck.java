package dev.varve.http.doctor;

import dev.varve.core.device.FailureWords;
import dev.varve.core.log.Amount;
import dev.varve.http.tls.CertificateFiles;
import dev.varve.http.tls.ClientCertificates;
import dev.varve.http.tls.ServerTls;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** The server's certificate and key: whether they can be used, and for how long. */
record CertificateCheck(Installation installation, Instant now) implements Check {

  private static final String CERTIFICATE = "certificate";
  private static final String RENEW = "renew it; a server that runs takes the new files by itself";
  private static final Duration SOON = Duration.ofDays(14);

  @Override
  public String subject() {
    return CERTIFICATE;
  }

  @Override
  public List<Finding> look() throws IOException, CertificateException {
    Path file = Path.of(installation.value("tls-certificate"));
    Path key = Path.of(installation.value("tls-key"));
    try {
      ServerTls.open(
          new CertificateFiles(file, key, null),
          ClientCertificates.OPTIONAL,
          ClientCertificates.OPTIONAL);
    } catch (IOException e) {
      return List.of(
          Finding.wrong(
              CERTIFICATE,
              FailureWords.of(e),
              "mend the files that --tls-certificate and --tls-key name"));
    }
    Instant end = own(file).getNotAfter().toInstant();
    Instant start = own(file).getNotBefore().toInstant();
    if (start.isAfter(now))
      return List.of(
          Finding.wrong(CERTIFICATE, file + " is valid from " + start + " on", "set the clock"));
    if (end.isBefore(now))
      return List.of(Finding.wrong(CERTIFICATE, file + " has expired, at " + end, RENEW));
    String left = "%s is valid for %s".formatted(file, Amount.time(Duration.between(now, end)));
    return List.of(
        end.isBefore(now.plus(SOON))
            ? Finding.warning(CERTIFICATE, left, RENEW)
            : Finding.good(CERTIFICATE, left));
  }

  private static X509Certificate own(Path file) throws IOException, CertificateException {
    try (InputStream in = Files.newInputStream(file)) {
      return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }
}
