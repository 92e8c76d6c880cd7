package dev.varve.http.api;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.EnumSet;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The secret that a request over TCP must show: 256 random bits in a file that only its owner
 * reads. Immutable; reading and making the file blocks.
 */
public final class AccessToken {

  /** Its file in the state folder. */
  public static final String FILE = "token";

  private static final int BYTES = 32;
  private static final String SCHEME = "Bearer ";
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");

  private final byte[] text;

  private AccessToken(byte[] text) {
    this.text = text;
  }

  /**
   * The token of a state folder; null if there is none.
   *
   * @throws IOException if the file cannot be read, is damaged, or is open to others
   */
  public static @Nullable AccessToken of(Path folder) throws IOException {
    try {
      return read(folder.resolve(FILE));
    } catch (NoSuchFileException _) {
      return null;
    }
  }

  private static AccessToken read(Path file) throws IOException {
    Set<PosixFilePermission> open = EnumSet.copyOf(Files.getPosixFilePermissions(file));
    open.removeAll(OWNER_ONLY);
    if (!open.isEmpty())
      throw new IOException(
          "other users can read %s (%s); delete it, and Varve makes a new one"
              .formatted(file, PosixFilePermissions.toString(Files.getPosixFilePermissions(file))));
    String text = Files.readString(file, StandardCharsets.US_ASCII).strip();
    if (!text.matches("[0-9A-Za-z_-]{43}"))
      throw new IOException(
          "%s has %d characters, but a token has 43; delete it, and Varve makes a new one"
              .formatted(file, text.length()));
    return new AccessToken(text.getBytes(StandardCharsets.US_ASCII));
  }

  /**
   * Makes the token of a state folder that has none. The folder must be locked: no other process
   * makes one at the same time.
   *
   * @param random must be one whose output cannot be guessed
   * @throws IOException if the file cannot be made; there is none then
   */
  public static AccessToken make(Path folder, RandomGenerator random) throws IOException {
    Path file = folder.resolve(FILE);
    byte[] secret = new byte[BYTES];
    random.nextBytes(secret);
    byte[] text = Base64.getUrlEncoder().withoutPadding().encode(secret);
    // Under another name first, so that a reader of the right name sees all of it.
    Path temporary = file.resolveSibling(FILE + ".new");
    Files.deleteIfExists(temporary);
    try {
      write(temporary, text);
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      Files.deleteIfExists(temporary);
      throw e;
    }
    return new AccessToken(text);
  }

  private static void write(Path file, byte[] text) throws IOException {
    ByteBuffer line = ByteBuffer.allocate(text.length + 1).put(text).put((byte) '\n').flip();
    try (FileChannel channel =
        FileChannel.open(
            file,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(OWNER_ONLY))) {
      while (line.hasRemaining()) channel.write(line);
      channel.force(true);
    }
  }

  /**
   * Whether an {@code Authorization} header shows the token; it takes the same time for every wrong
   * token.
   */
  boolean isShownBy(@Nullable String authorization) {
    if (authorization == null || !authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length()))
      return false;
    byte[] shown =
        authorization.substring(SCHEME.length()).strip().getBytes(StandardCharsets.UTF_8);
    return MessageDigest.isEqual(text, shown);
  }

  /** Tells nothing. */
  @Override
  public String toString() {
    return "AccessToken";
  }
}
