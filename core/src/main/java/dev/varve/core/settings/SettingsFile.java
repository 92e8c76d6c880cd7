package dev.varve.core.settings;

import dev.varve.core.device.FailureWords;
import dev.varve.core.xml.XmlDocument;
import dev.varve.core.xml.XmlException;
import dev.varve.core.xml.XmlReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A settings file as bytes and as XML, whatever it means. Bounded, since it may be any file. Any
 * thread; blocks.
 */
final class SettingsFile {

  /** A machine with 250 snapshots, the most that VirtualBox takes, has about 5 MiB. */
  static final int MAX_BYTES = 64 << 20;

  private SettingsFile() {}

  /**
   * The bytes of a file, one more than {@link #MAX_BYTES} at most; null if there is none.
   *
   * @throws SettingsException if it is a folder or a device
   */
  static byte @Nullable [] bytes(Path path) throws IOException {
    if (Files.isDirectory(path)) throw MistakenFile.folder(path);
    if (Files.exists(path) && !Files.isRegularFile(path))
      throw new SettingsException(path + ": not a file; name the settings file itself");
    try (InputStream in = Files.newInputStream(path)) {
      return in.readNBytes(MAX_BYTES + 1);
    } catch (NoSuchFileException _) {
      return null;
    }
  }

  /**
   * Reads a file.
   *
   * @throws SettingsException if it is missing, too large, not UTF-8, or not well formed
   */
  static XmlDocument xml(Path path) throws IOException {
    byte[] bytes = bytes(path);
    if (bytes == null)
      throw new SettingsException(
          FailureWords.of(new NoSuchFileException(path.toString()))
              + "; bring it back, or take it off the list");
    return xml(path, bytes);
  }

  /** Reads what a file holds. */
  static XmlDocument xml(Path path, byte[] bytes) throws SettingsException {
    if (bytes.length > MAX_BYTES)
      throw new SettingsException(
          path
              + ": larger than 64 MiB, which no settings file is; check that it is the right file");
    try {
      return XmlReader.read(path.toString(), bytes);
    } catch (XmlException e) {
      throw new SettingsException(e);
    }
  }
}
