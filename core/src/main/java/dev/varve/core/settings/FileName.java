package dev.varve.core.settings;

import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Makes the name of a file or folder out of a name that people gave. Any thread. */
public final class FileName {

  /** Bytes; file systems take 255, and endings follow. */
  private static final int MAX_BYTES = 160;

  private FileName() {}

  /**
   * A name close to {@code name} that is safe in any folder.
   *
   * @param otherwise for a name of which nothing can be used
   */
  public static String of(String name, String otherwise) {
    return of(name, otherwise, MAX_BYTES);
  }

  /** The same, not longer than {@code most} bytes. */
  public static String of(String name, String otherwise, int most) {
    var safe = new StringBuilder();
    int bytes = 0;
    for (int c : name.strip().codePoints().toArray()) {
      boolean kept = !Character.isISOControl(c) && "/\\:*?\"<>|".indexOf(c) < 0;
      String part = kept ? Character.toString(c) : "_";
      bytes += part.getBytes(StandardCharsets.UTF_8).length;
      if (bytes > most) break;
      safe.append(part);
    }
    if (safe.isEmpty() || safe.charAt(0) == '.') safe.insert(0, '_');
    String result = safe.toString();
    try {
      return result.equals("_") ? otherwise : Path.of(result).toString();
    } catch (InvalidPathException e) {
      return otherwise;
    }
  }
}
