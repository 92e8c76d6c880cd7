package dev.varve.http.client;

import dev.varve.core.device.FailureWords;
import dev.varve.core.hash.Sha256;
import dev.varve.http.tls.ClientTls;
import io.vertx.core.Future;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.RequestOptions;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A server that is reached over TCP, with a token: over TLS, or without it on this machine, where
 * the token can be read by no other host. Immutable.
 */
public final class RemoteServer implements ServerReach {

  private static final int UNAUTHORIZED = 401;

  private final String host;
  private final int port;
  private final String token;
  private final Path tokenFile;
  private final @Nullable ClientTls tls;

  private RemoteServer(
      String host, int port, String token, Path tokenFile, @Nullable ClientTls tls) {
    this.host = host;
    this.port = port;
    this.token = token;
    this.tokenFile = tokenFile;
    this.tls = tls;
  }

  /**
   * Reads the token and the certificates.
   *
   * @param url such as {@code https://host:10810}
   * @param authorities those that the client trusts; null for those of the system
   * @param certificate what the client shows; null for nothing
   * @param key that of the certificate
   * @throws IOException the URL is wrong, or a file cannot be used
   */
  public static RemoteServer of(
      String url,
      Path tokenFile,
      @Nullable Path authorities,
      @Nullable Path certificate,
      @Nullable Path key)
      throws IOException {
    URI uri = parsed(url);
    boolean secure = "https".equalsIgnoreCase(uri.getScheme());
    String host = uri.getHost();
    if (!secure && !isThisMachine(host))
      throw new IOException(
          "%s: without TLS the token could be read on its way, and everything that it allows could be done with it; use https://%s"
              .formatted(url, uri.getAuthority()));
    int port = uri.getPort() >= 0 ? uri.getPort() : secure ? 443 : 80;
    ClientTls tls = secure ? ClientTls.of(authorities, certificate, key) : null;
    return new RemoteServer(host, port, token(tokenFile), tokenFile, tls);
  }

  private static URI parsed(String url) throws IOException {
    try {
      URI uri = new URI(url);
      String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
      boolean known = scheme.equals("https") || scheme.equals("http");
      String path = uri.getPath();
      boolean bare = path == null || path.isEmpty() || path.equals("/");
      if (known && bare && uri.getHost() != null && uri.getUserInfo() == null) return uri;
    } catch (URISyntaxException _) {
      // It is refused below.
    }
    throw new IOException(
        "'%s' is not where a server can be; write it as https://HOST:PORT".formatted(url));
  }

  private static boolean isThisMachine(String host) {
    return host.equals("localhost") || host.equals("[::1]") || host.startsWith("127.");
  }

  private static String token(Path file) throws IOException {
    String token;
    try {
      token = Files.readString(file).strip();
    } catch (IOException e) {
      throw new IOException("cannot read the token in " + file + ": " + FailureWords.of(e), e);
    }
    if (!token.matches("[\\x21-\\x7e]+"))
      throw new IOException(file + " has no token: it must hold one line, and nothing else");
    return token;
  }

  @Override
  public void prepare(HttpClientOptions options) {
    if (tls != null) tls.on(options);
  }

  @Override
  public Future<HttpClientRequest> connect(HttpClient http, ApiRequest request) {
    var options =
        new RequestOptions()
            .setHost(host.replaceAll("[\\[\\]]", ""))
            .setPort(port)
            .setSsl(tls != null)
            .setMethod(request.method())
            .setURI(request.uri())
            .putHeader("Authorization", "Bearer " + token);
    return http.request(options).recover(failure -> Future.failedFuture(explain(failure)));
  }

  @Override
  public Throwable explain(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) root = root.getCause();
    String why = words(String.valueOf(root.getMessage()));
    if (why != null) return new IOException(why, failure);
    if (failure instanceof IOException && failure.getCause() == null) return failure;
    return new IOException("%s: %s".formatted(server(), FailureWords.of(root)), failure);
  }

  @Override
  public RefusedException explain(RefusedException refusal) {
    if (refusal.status() != UNAUTHORIZED) return refusal;
    return refusal.saying(
        "%s does not know the token in %s, or it has been withdrawn; its administrator can give you another"
            .formatted(server(), tokenFile));
  }

  /** Why there is no connection, and what to do; null if it is something else. */
  private @Nullable String words(String root) {
    if (root.contains("unable to find valid certification path"))
      return "the certificate of %s is not trusted here: %s. If that is the server's, get the certificate of its authority from its administrator, and name the file with --ca-file"
          .formatted(server(), shown());
    if (root.contains("No subject alternative") || root.contains("No name matching"))
      return "the certificate of %s is not for '%s': %s. Name the server in --url as its certificate does"
          .formatted(server(), host, shown());
    if (root.contains("NotAfter"))
      return "the certificate of %s has expired: %s. Its administrator has to replace it"
          .formatted(server(), shown());
    if (root.contains("certificate_required") || root.contains("bad_certificate"))
      return "%s asks for a certificate of the client that its authority has signed; name yours with --client-certificate and --client-key"
          .formatted(server());
    if (root.contains("not an SSL/TLS record"))
      return "%s does not speak TLS there; on the same machine use http://, for other hosts give it a certificate with --tls-certificate"
          .formatted(server());
    if (root.contains("protocol_version"))
      return "%s has no version of TLS in common with this program, which are 1.2 and 1.3"
          .formatted(server());
    if (root.contains("Connection refused"))
      return "no server listens on %s:%d; 'varve serve --api-tcp HOST:PORT' says where it listens"
          .formatted(host, port);
    if (root.contains("Connection was closed"))
      return "%s closed the connection without an answer; %sits log may say why, and whether the request was carried out"
          .formatted(
              server(),
              tls == null
                  ? "if it speaks TLS there, use https://%s:%d; ".formatted(host, port)
                  : "");
    return null;
  }

  /** The certificate that the server has shown. */
  private String shown() {
    X509Certificate certificate = tls == null ? null : tls.shown();
    if (certificate == null) return "it has shown none";
    try {
      byte[] hash = Sha256.of(certificate.getEncoded());
      return "it shows %s, signed by %s, valid until %s, SHA-256 %s"
          .formatted(
              certificate.getSubjectX500Principal().getName(),
              certificate.getIssuerX500Principal().getName(),
              certificate.getNotAfter().toInstant(),
              HexFormat.ofDelimiter(":").withUpperCase().formatHex(hash));
    } catch (CertificateEncodingException e) {
      return certificate.getSubjectX500Principal().getName();
    }
  }

  @Override
  public String server() {
    return "the server %s:%d".formatted(host, port);
  }
}
