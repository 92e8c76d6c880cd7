package dev.varve.http.client;

import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A request to the API. Immutable.
 *
 * @param uri path and query, percent-encoded
 * @param session whose working copy the request changes; null for none
 * @param body null for none
 */
public record ApiRequest(
    HttpMethod method, String uri, @Nullable String session, @Nullable JsonObject body) {

  private static final String DRY_RUN = "dryRun";

  /** Asks for what is at {@code /api/v1/SEGMENT/SEGMENT...}; segments are anything but empty. */
  public static ApiRequest get(Object... segments) {
    return of(HttpMethod.GET, segments);
  }

  public static ApiRequest post(Object... segments) {
    return of(HttpMethod.POST, segments);
  }

  public static ApiRequest put(Object... segments) {
    return of(HttpMethod.PUT, segments);
  }

  public static ApiRequest patch(Object... segments) {
    return of(HttpMethod.PATCH, segments);
  }

  public static ApiRequest delete(Object... segments) {
    return of(HttpMethod.DELETE, segments);
  }

  private static ApiRequest of(HttpMethod method, Object... segments) {
    var path = new StringBuilder("/api/v1");
    for (Object segment : segments) path.append('/').append(segment(segment.toString()));
    return new ApiRequest(method, path.toString(), null, null);
  }

  /** Names may be {@code .} and {@code ..}, which would be taken for steps if they stood bare. */
  private static String segment(String text) {
    if (text.isEmpty()) throw new IllegalArgumentException("a name is empty; write it out");
    return text.matches("\\.{1,2}") ? text.replace(".", "%2E") : escaped(text);
  }

  private static String escaped(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** With one more parameter in the query; a value of null leaves it out. */
  public ApiRequest query(String name, @Nullable Object value) {
    if (value == null) return this;
    String separator = uri.contains("?") ? "&" : "?";
    return new ApiRequest(
        method, uri + separator + name + "=" + escaped(value.toString()), session, body);
  }

  /** The same, only to know what it would do. */
  public ApiRequest dryRun() {
    return query(DRY_RUN, true);
  }

  /** Whether it only asks what it would do. */
  public boolean isDryRun() {
    return uri.matches(".*[?&]" + DRY_RUN + "=true.*");
  }

  /** The same as a change of the session's working copy; null: a change that is saved at once. */
  public ApiRequest session(@Nullable String session) {
    return new ApiRequest(method, uri, session, body);
  }

  public ApiRequest body(JsonObject body) {
    return new ApiRequest(method, uri, session, body);
  }
}
