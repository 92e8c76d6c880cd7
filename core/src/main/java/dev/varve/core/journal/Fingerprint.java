package dev.varve.core.journal;

import dev.varve.core.hash.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Tells whether a file still holds what it held: the SHA-256 of its contents, or that there is no
 * file. Times and sizes do not count: a program that writes twice within a tick of the clock leaves
 * them as they were. Immutable.
 *
 * @param text 64 hexadecimal digits; empty where there is no file
 */
public record Fingerprint(String text) {

  public static final Fingerprint NO_FILE = new Fingerprint("");

  public Fingerprint {
    if (!text.matches("|[0-9a-f]{64}"))
      throw new IllegalArgumentException("'%s' is no SHA-256".formatted(text));
  }

  public static Fingerprint of(byte[] contents) {
    return new Fingerprint(HexFormat.of().formatHex(Sha256.of(contents)));
  }

  /**
   * @param contents null where there is no file
   */
  public static Fingerprint ofAny(byte @Nullable [] contents) {
    return contents == null ? NO_FILE : of(contents);
  }

  /** Of what a file holds now. */
  public static Fingerprint of(Path file) throws IOException {
    try {
      return of(Files.readAllBytes(file));
    } catch (NoSuchFileException e) {
      return NO_FILE;
    }
  }
}
