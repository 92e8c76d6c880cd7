package dev.varve.http.tls;

import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.ServerSSLOptions;
import io.vertx.core.net.TrustOptions;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * The server's side of TLS, with the certificates that were read last. New connections get new
 * certificates, those that are open keep theirs.
 *
 * <p>Thread-safe. {@link #open} and {@link #reload} read files, and block.
 */
public final class ServerTls {

  static {
    // A client could have the server negotiate anew without end, on the loop that serves disks.
    // The JDK reads this once, when TLS is used for the first time.
    System.setProperty("jdk.tls.rejectClientInitiatedRenegotiation", "true");
  }

  private static final System.Logger LOG = System.getLogger(ServerTls.class.getName());

  private static final String[] VERSIONS = {"TLSv1.3", "TLSv1.2"};

  private final CertificateFiles files;
  private final ClientCertificates disks;
  private final ClientCertificates requests;
  private final String[] suites;
  private final List<Consumer<ServerSSLOptions>> servers = new CopyOnWriteArrayList<>();
  private volatile Certificates current;

  private ServerTls(CertificateFiles files, ClientCertificates disks, ClientCertificates requests)
      throws IOException {
    this.files = files;
    this.disks = disks;
    this.requests = requests;
    this.current = Certificates.read(files);
    this.suites = suites();
  }

  /**
   * Reads the files.
   *
   * @param disks what clients of NBD have to show, if there is an authority for clients
   * @param requests the same of clients of HTTP
   * @throws IOException a file cannot be used; the message says which, and why
   */
  public static ServerTls open(
      CertificateFiles files, ClientCertificates disks, ClientCertificates requests)
      throws IOException {
    var tls = new ServerTls(files, disks, requests);
    tls.warn();
    return tls;
  }

  /**
   * Reads the files for one who only looks: what is wrong with them is not in the log.
   *
   * @throws IOException a file cannot be used; the message says which, and why
   */
  public static ServerTls tried(CertificateFiles files) throws IOException {
    return new ServerTls(files, ClientCertificates.OPTIONAL, ClientCertificates.OPTIONAL);
  }

  /** Those with one step for encryption and authentication, and with a key for each session. */
  private String[] suites() {
    return Arrays.stream(current.context().getSupportedSSLParameters().getCipherSuites())
        .filter(suite -> suite.contains("_GCM_") || suite.contains("_CHACHA20_"))
        .filter(suite -> suite.startsWith("TLS_ECDHE_") || !suite.contains("_WITH_"))
        .toArray(String[]::new);
  }

  /** A server's side of TLS for one NBD client. */
  public SSLEngine engine() {
    Certificates now = current;
    SSLEngine engine = now.context().createSSLEngine();
    engine.setUseClientMode(false);
    var parameters = new SSLParameters(suites, VERSIONS);
    parameters.setUseCipherSuitesOrder(true);
    engine.setSSLParameters(parameters);
    if (now.trust() != null) disks.askOn(engine);
    return engine;
  }

  /**
   * What an HTTP server needs.
   *
   * @param renewed hears of new certificates, in the thread that reloads
   */
  public ServerSSLOptions http(Consumer<ServerSSLOptions> renewed) {
    servers.add(renewed);
    return http();
  }

  private ServerSSLOptions http() {
    Certificates now = current;
    var options = new ServerSSLOptions();
    options.setKeyCertOptions(KeyCertOptions.wrap(now.keys()));
    if (now.trust() != null) {
      options.setTrustOptions(TrustOptions.wrap(now.trust()));
      options.setClientAuth(requests.inHttp());
    }
    options.setEnabledSecureTransportProtocols(Set.of(VERSIONS));
    for (String suite : suites) options.addEnabledCipherSuite(suite);
    return options;
  }

  /** Whether any client that can connect may use NBD, without a certificate. */
  public boolean admitsStrangers() {
    return current.trust() == null || disks == ClientCertificates.OPTIONAL;
  }

  /**
   * Reads the files again; the next client gets what is in them.
   *
   * @throws IOException a file cannot be used, or the time of the new certificate is over or has
   *     not come while that of the old one is good; everything stays as it was
   */
  public synchronized void reload() throws IOException {
    Certificates before = current;
    Certificates read = Certificates.read(files);
    Instant now = Instant.now();
    String fault = read.faultAt(now);
    if (fault != null && before.faultAt(now) == null)
      throw new IOException(
          "the certificate %s %s (%s), and the one in use is valid; replace the file"
              .formatted(files.certificate(), fault, read.words()));
    current = read;
    for (Consumer<ServerSSLOptions> server : servers) server.accept(http());
    if (!read.own().equals(before.own()))
      LOG.log(Level.INFO, "new clients get another certificate: {0}", read.words());
    warn();
  }

  /** Why clients refuse the certificate that is in use now; null if they need not. */
  @Nullable String complaint() {
    Certificates now = current;
    String fault = now.faultAt(Instant.now());
    return fault == null
        ? null
        : "the certificate %s %s (%s): clients will refuse it; replace the file"
            .formatted(files.certificate(), fault, now.words());
  }

  /** The server's own certificate. */
  public X509Certificate certificate() {
    return current.own();
  }

  /**
   * What is wrong with the authorities of clients, and does not keep the server from using them.
   */
  public List<String> complaintsOfAuthorities() {
    return current.authoritiesThatCannotSign().stream()
        .map(
            each ->
                "%s in %s is no authority: it admits only the client that shows this certificate"
                    .formatted(each.getSubjectX500Principal().getName(), files.clientAuthority()))
        .toList();
  }

  /** Says what is wrong and does not keep the server from using it. */
  private void warn() {
    String complaint = complaint();
    if (complaint != null) LOG.log(Level.WARNING, "{0}", complaint);
    for (String each : complaintsOfAuthorities()) LOG.log(Level.WARNING, "{0}", each);
    if (isReadByOthers(files.key()))
      LOG.log(
          Level.WARNING, "other users can read the private key {0}: chmod 600 {0}", files.key());
  }

  private static boolean isReadByOthers(Path key) {
    try {
      return Files.getPosixFilePermissions(key).contains(PosixFilePermission.OTHERS_READ);
    } catch (IOException | UnsupportedOperationException _) {
      return false; // which users may read it cannot be found out
    }
  }

  /** The files that it is made of. */
  CertificateFiles files() {
    return files;
  }
}
