package dev.varve.http.api;

import dev.varve.core.medium.ErrorCode;
import dev.varve.http.access.Grant;
import dev.varve.http.access.PeerRights;
import dev.varve.http.access.Rights;
import dev.varve.http.access.Tokens;
import dev.varve.io.posix.PeerCredentials;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Whether a request may come in at an address, and with which rights: on TCP it needs a token, on a
 * Unix socket access to the socket's file, and it must not come from another site's web page. A
 * token stands in the header {@code Authorization} and nowhere else, since addresses get into logs.
 *
 * <p>A page of another site can make a browser send requests here, also under another name that
 * resolves to the loopback address. The browser then names the other site in {@code Origin}, {@code
 * Sec-Fetch-Site} or {@code Host}.
 */
sealed interface AccessCheck {

  /**
   * The rights of a request. Throws a {@link RefusedRequest} if it must not go on.
   *
   * @param needsToken whether it needs any rights
   */
  Grant check(HttpServerRequest request, boolean needsToken);

  /** Whether nothing but a token gives rights here, so that the page has to ask for one. */
  boolean needsToken();

  /**
   * A Unix socket: the mode of its file decides which users may connect. A program there may pass
   * the requests of others on, so a token that is shown counts, and not the program.
   *
   * @param peers what users may do that show no token
   */
  record Unix(Tokens tokens, PeerRights peers) implements AccessCheck {
    @Override
    public Grant check(HttpServerRequest request, boolean needsToken) {
      String host = host(request.headers());
      if (!host.isEmpty()) checkHost(host);
      checkOrigin(request.headers(), "http://" + host);
      if (!needsToken) return peers.rules().isEmpty() ? LOCAL : Grant.NONE;
      Grant shown = shown(request.headers(), tokens);
      return shown == null ? ofPeer(request) : shown;
    }

    @Override
    public boolean needsToken() {
      return false;
    }

    private static final Grant LOCAL = Grant.lasting("a local process", Rights.ALL);

    private Grant ofPeer(HttpServerRequest request) {
      if (peers.rules().isEmpty()) return LOCAL;
      PeerCredentials peer = PeerIdentity.of(request);
      if (peer == null)
        throw RefusedRequest.forbidden(
            "the kernel does not say which user has connected; use a token");
      Rights rights = peers.of(peer.user(), peer.groups());
      if (rights == null)
        throw RefusedRequest.forbidden(
            "user %d may not use this server: no --socket-scope names it or a group of its process; use a token"
                .formatted(peer.user()));
      return Grant.lasting("user " + peer.user(), rights);
    }
  }

  /**
   * A TCP port; without TLS of the loopback address. With TLS a browser has compared the host's
   * name with the certificate, so any name is as good.
   */
  record Tcp(Tokens tokens, boolean tls) implements AccessCheck {
    @Override
    public Grant check(HttpServerRequest request, boolean needsToken) {
      String host = host(request.headers());
      if (!tls) checkHost(host);
      checkOrigin(request.headers(), (tls ? "https://" : "http://") + host);
      if (!needsToken) return Grant.NONE;
      Grant shown = shown(request.headers(), tokens);
      if (shown == null)
        throw unauthorized(
            "this request needs the header 'Authorization: Bearer TOKEN', with a token that 'varve token create' has"
                + " printed, or the contents of the file 'token' in the state folder; or use the Unix socket there");
      return shown;
    }

    @Override
    public boolean needsToken() {
      return true;
    }
  }

  String SCHEME = "Bearer ";

  /** The token that a request shows; null for none. */
  static @Nullable String token(MultiMap headers) {
    List<String> values = headers.getAll("Authorization");
    if (values.isEmpty()) return null;
    if (values.size() > 1)
      throw RefusedRequest.malformed(
          "there are %d Authorization headers; send one".formatted(values.size()));
    String value = values.getFirst();
    if (!value.regionMatches(true, 0, SCHEME, 0, SCHEME.length()))
      throw unauthorized(
          "the header Authorization must be 'Bearer TOKEN', and it is of another scheme");
    return value.substring(SCHEME.length()).strip();
  }

  /** What the token of a request grants; null if it shows none. */
  private static @Nullable Grant shown(MultiMap headers, Tokens tokens) {
    String token = token(headers);
    if (token == null) return null;
    Grant grant = tokens.grant(token);
    if (grant == null)
      throw unauthorized(
          "there is no such token: it was withdrawn, has expired, or is mistyped; ask for another one, which 'varve token create' makes");
    return grant;
  }

  private static RefusedRequest unauthorized(String message) {
    return new RefusedRequest(401, ErrorCode.E_ACCESSDENIED, message);
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
