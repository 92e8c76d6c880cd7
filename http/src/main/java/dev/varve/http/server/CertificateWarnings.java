package dev.varve.http.server;

import dev.varve.core.inventory.Warnings;
import dev.varve.http.tls.CertificateWatch;
import java.nio.file.Path;

/** Warns of new certificates that cannot be used, until they can. Thread-safe. */
record CertificateWarnings(Warnings warnings) implements CertificateWatch.Listener {

  @Override
  public void broken(Path certificate, String why) {
    warnings.raise(Warnings.Kind.CERTIFICATE, certificate.toString(), why);
  }

  @Override
  public void inUse(Path certificate) {
    warnings.clear(Warnings.Kind.CERTIFICATE, certificate.toString());
  }
}
