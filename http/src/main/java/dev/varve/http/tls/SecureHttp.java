package dev.varve.http.tls;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.ServerSSLOptions;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Makes HTTP servers that speak TLS, and get new certificates while they run. Any thread. */
public final class SecureHttp {

  private static final System.Logger LOG = System.getLogger(SecureHttp.class.getName());

  private SecureHttp() {}

  /**
   * A server that listens nowhere yet.
   *
   * @param tls null for a server without TLS
   */
  public static HttpServer server(Vertx vertx, HttpServerOptions options, @Nullable ServerTls tls) {
    if (tls == null) return vertx.createHttpServer(options);
    var server = new AtomicReference<@Nullable HttpServer>();
    ServerSSLOptions first = tls.http(renewed -> renew(server.get(), renewed));
    options.setSsl(true);
    options.setKeyCertOptions(first.getKeyCertOptions());
    options.setTrustOptions(first.getTrustOptions());
    options.setClientAuth(first.getClientAuth());
    options.setUseAlpn(false); // HTTP/1.1 only
    options.setEnabledSecureTransportProtocols(first.getEnabledSecureTransportProtocols());
    for (String suite : first.getEnabledCipherSuites()) options.addEnabledCipherSuite(suite);
    HttpServer made = vertx.createHttpServer(options);
    server.set(made);
    return made;
  }

  /** Without closing what is open. A session is not resumed with the new certificates. */
  private static void renew(@Nullable HttpServer server, ServerSSLOptions renewed) {
    if (server == null) return; // it is just being made, with what was read a moment ago
    server
        .updateSSLOptions(renewed, true)
        .onFailure(
            why ->
                LOG.log(Level.WARNING, "the HTTP server has not taken its new certificate", why));
  }
}
