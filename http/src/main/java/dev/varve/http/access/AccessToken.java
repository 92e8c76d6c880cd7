package dev.varve.http.access;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The token of the state folder's owner, who may do everything: 256 random bits in a file that only
 * the owner reads. Immutable; reading and making the file blocks.
 */
public final class AccessToken {

  /** Its file in the state folder. */
  public static final String FILE = "token";

  private static final int BYTES = 32;

  private final byte[] text;

  private AccessToken(String text) {
    this.text = text.getBytes(StandardCharsets.US_ASCII);
  }

  /**
   * The token of a state folder; null if there is none.
   *
   * @throws IOException if the file cannot be read, is damaged, or is open to others
   */
  public static @Nullable AccessToken of(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    String text;
    try {
      text = new PrivateFile(file).read("delete it, and Varve makes a new one").strip();
    } catch (NoSuchFileException _) {
      return null;
    }
    if (!text.matches("[0-9A-Za-z_-]{43}"))
      throw new IOException(
          "%s has %d characters, but a token has 43; delete it, and Varve makes a new one"
              .formatted(file, text.length()));
    return new AccessToken(text);
  }

  /**
   * Makes the token of a state folder that has none. The folder must be locked: no other process
   * makes one at the same time.
   *
   * @param random must be one whose output cannot be guessed
   * @throws IOException if the file cannot be made; there is none then
   */
  public static AccessToken make(Path folder, RandomGenerator random) throws IOException {
    String text = secret(random);
    new PrivateFile(folder.resolve(FILE)).write(text + "\n");
    return new AccessToken(text);
  }

  /** 256 random bits as 43 characters. */
  static String secret(RandomGenerator random) {
    byte[] secret = new byte[BYTES];
    random.nextBytes(secret);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
  }

  /** Whether this is the token; it takes the same time for every wrong token of one length. */
  boolean is(String shown) {
    return MessageDigest.isEqual(text, shown.getBytes(StandardCharsets.UTF_8));
  }

  /** Tells nothing. */
  @Override
  public String toString() {
    return "AccessToken";
  }
}
