package dev.varve.http.access;

import dev.varve.core.hash.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * A token that was given to a client, without its secret. Immutable.
 *
 * @param id stands in the token itself, and is no secret
 * @param name unique, for people
 * @param expires null for never
 * @param sha256 of the whole token, in hexadecimal digits. A token has 256 random bits, so a hash
 *     that is slow on purpose would protect nothing: that is for passwords, which can be guessed
 */
public record Token(
    String id, String name, Rights rights, Instant made, @Nullable Instant expires, String sha256) {

  /** Whether it holds at this time. */
  boolean holdsAt(Instant now) {
    return expires == null || now.isBefore(expires);
  }

  /** Whether this is the token; it takes the same time for every wrong one. */
  boolean is(String shown) {
    return MessageDigest.isEqual(
        sha256.getBytes(StandardCharsets.US_ASCII),
        hash(shown).getBytes(StandardCharsets.US_ASCII));
  }

  static String hash(String token) {
    return HexFormat.of().formatHex(Sha256.of(token));
  }
}
