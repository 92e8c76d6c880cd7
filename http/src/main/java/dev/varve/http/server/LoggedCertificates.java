package dev.varve.http.server;

import dev.varve.http.tls.CertificateWatch;
import java.lang.System.Logger.Level;
import java.nio.file.Path;

/** Logs what becomes of new certificates, for a server without warnings. Thread-safe. */
final class LoggedCertificates implements CertificateWatch.Listener {

  private static final System.Logger LOG = System.getLogger(LoggedCertificates.class.getName());

  @Override
  public void broken(Path certificate, String why) {
    LOG.log(Level.WARNING, "{0}", why);
  }

  @Override
  public void inUse(Path certificate) {}
}
