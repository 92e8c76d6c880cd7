package dev.varve.http.api;

import dev.varve.core.hash.Sha256;
import dev.varve.core.medium.ErrorCode;
import io.vertx.core.json.JsonObject;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * A version of a representation (RFC 9110, 8.8.3). Immutable.
 *
 * @param text with its quotes
 */
record ETag(String text) {

  /** The tag of a representation. */
  static ETag of(JsonObject representation) {
    byte[] hash = Arrays.copyOf(Sha256.of(representation.toBuffer().getBytes()), 18);
    return new ETag('"' + Base64.getUrlEncoder().encodeToString(hash) + '"');
  }

  /**
   * Whether a list as in {@code If-Match} and {@code If-None-Match} names this tag. Ours have no
   * comma, and weak ones are never equal.
   */
  boolean isIn(String list) {
    return list.strip().equals("*")
        || Arrays.stream(list.split(",")).anyMatch(tag -> tag.strip().equals(text));
  }

  /**
   * Refuses a change if the thing has changed since the client has seen it.
   *
   * @param ifMatch null for no check
   */
  void check(@Nullable String ifMatch, String thing) {
    if (ifMatch == null || isIn(ifMatch)) return;
    throw new RefusedRequest(
        412,
        ErrorCode.VBOX_E_INVALID_OBJECT_STATE,
        "%s has changed: its ETag is now %s, but If-Match has %s; get it again, then repeat the change if it still applies"
            .formatted(thing, text, ifMatch));
  }
}
