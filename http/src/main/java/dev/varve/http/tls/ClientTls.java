package dev.varve.http.tls;

import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.TrustOptions;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * The client's side of TLS: which authorities it trusts, and the certificate that it shows. The
 * server's name is compared with its certificate. Thread-safe; {@link #of} reads files.
 */
public final class ClientTls {

  /** Where systems keep the authorities that their programs trust; the first that is there. */
  private static final List<Path> SYSTEM =
      List.of(
          Path.of("/etc/ssl/certs/ca-certificates.crt"),
          Path.of("/etc/pki/tls/certs/ca-bundle.crt"));

  private final Noting trust;
  private final @Nullable KeyManagerFactory keys;

  private ClientTls(Noting trust, @Nullable KeyManagerFactory keys) {
    this.trust = trust;
    this.keys = keys;
  }

  /**
   * Reads the files.
   *
   * @param authorities those that are trusted, in PEM form; null for those of the system
   * @param certificate what the client shows; null for nothing
   * @param key that of the certificate
   * @throws IOException a file cannot be used; the message says which, and why
   */
  public static ClientTls of(
      @Nullable Path authorities, @Nullable Path certificate, @Nullable Path key)
      throws IOException {
    KeyManagerFactory keys =
        certificate == null || key == null
            ? null
            : Certificates.read(new CertificateFiles(certificate, key, null)).keys();
    TrustManagerFactory trust = authorities == null ? system() : Certificates.trust(authorities);
    return new ClientTls(new Noting((X509ExtendedTrustManager) trust.getTrustManagers()[0]), keys);
  }

  private static TrustManagerFactory system() throws IOException {
    for (Path file : SYSTEM) if (Files.isReadable(file)) return Certificates.trust(file);
    try {
      var java = TrustManagerFactory.getInstance("PKIX");
      java.init((KeyStore) null);
      return java;
    } catch (GeneralSecurityException e) {
      throw new IOException("this system trusts no authorities", e);
    }
  }

  /** Makes an HTTP client speak it. */
  public void on(HttpClientOptions options) {
    options.setSsl(true).setVerifyHost(true).setUseAlpn(false);
    options.setEnabledSecureTransportProtocols(Set.of("TLSv1.3", "TLSv1.2"));
    options.setTrustOptions(TrustOptions.wrap(trust));
    if (keys != null) options.setKeyCertOptions(KeyCertOptions.wrap(keys));
  }

  /** What the server showed last; null if it has shown nothing. */
  public @Nullable X509Certificate shown() {
    return trust.shown;
  }

  /** Remembers what a server shows, so that a refusal can say what it was. */
  private static final class Noting extends X509ExtendedTrustManager {
    private final X509ExtendedTrustManager judge;
    private volatile @Nullable X509Certificate shown;

    Noting(X509ExtendedTrustManager judge) {
      this.judge = judge;
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
        throws CertificateException {
      shown = chain[0];
      judge.checkServerTrusted(chain, kind, engine);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String kind, Socket socket)
        throws CertificateException {
      shown = chain[0];
      judge.checkServerTrusted(chain, kind, socket);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String kind)
        throws CertificateException {
      shown = chain[0];
      judge.checkServerTrusted(chain, kind);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
        throws CertificateException {
      judge.checkClientTrusted(chain, kind, engine);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String kind, Socket socket)
        throws CertificateException {
      judge.checkClientTrusted(chain, kind, socket);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String kind)
        throws CertificateException {
      judge.checkClientTrusted(chain, kind);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return judge.getAcceptedIssuers();
    }
  }
}
