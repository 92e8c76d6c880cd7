package dev.varve.http.api;

import dev.varve.core.medium.ErrorCode;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Whether a request may come in at an address: it needs the token on TCP, access to the socket's
 * file on a Unix socket, and it must not come from another site's web page.
 *
 * <p>A page of another site can make a browser send requests here, also under another name that
 * resolves to the loopback address. The browser then names the other site in {@code Origin}, {@code
 * Sec-Fetch-Site} or {@code Host}.
 */
sealed interface AccessCheck {

  /** Throws a {@link RefusedRequest} if the request must not go on. */
  void check(HttpServerRequest request, boolean needsToken);

  /** A Unix socket: the mode of its file decides which users may connect. */
  record Unix() implements AccessCheck {
    @Override
    public void check(HttpServerRequest request, boolean needsToken) {
      String host = host(request.headers());
      if (!host.isEmpty()) checkHost(host);
      checkOrigin(request.headers(), "http://" + host);
    }
  }

  /**
   * A TCP port; without TLS of the loopback address. With TLS a browser has compared the host's
   * name with the certificate, so any name is as good.
   */
  record Tcp(AccessToken token, boolean tls) implements AccessCheck {
    @Override
    public void check(HttpServerRequest request, boolean needsToken) {
      String host = host(request.headers());
      if (!tls) checkHost(host);
      checkOrigin(request.headers(), (tls ? "https://" : "http://") + host);
      if (needsToken && !token.isShownBy(request.getHeader("Authorization")))
        throw new RefusedRequest(
            401,
            ErrorCode.E_ACCESSDENIED,
            "this request needs the header 'Authorization: Bearer TOKEN', with the contents of the file 'token' in the"
                + " state folder; or use the Unix socket there");
    }
  }

  /** Names that always mean this machine. Any port: a tunnel may have another one. */
  Pattern LOOPBACK = Pattern.compile("(localhost|127\\.0\\.0\\.1|\\[::1])(:[0-9]{1,5})?");

  private static String host(MultiMap headers) {
    List<String> hosts = headers.getAll("Host");
    if (hosts.size() > 1)
      throw RefusedRequest.malformed("there are %d Host headers".formatted(hosts.size()));
    return hosts.isEmpty() ? "" : hosts.getFirst().toLowerCase(Locale.ROOT);
  }

  private static void checkHost(String host) {
    if (!LOOPBACK.matcher(host).matches())
      throw RefusedRequest.forbidden(
          "the request is for the host '%s', but Varve answers as localhost, 127.0.0.1 and [::1] only"
              .formatted(host));
  }

  private static void checkOrigin(MultiMap headers, String own) {
    for (String origin : headers.getAll("Origin")) {
      if (!origin.equalsIgnoreCase(own))
        throw RefusedRequest.forbidden(
            "the request comes from a web page of '%s'; only pages of Varve may send requests"
                .formatted(origin));
    }
    for (String site : headers.getAll("Sec-Fetch-Site")) {
      if (!site.equals("same-origin") && !site.equals("none"))
        throw RefusedRequest.forbidden(
            "the request comes from a web page of another origin (%s); only pages of Varve may send requests"
                .formatted(site));
    }
  }
}
