package dev.varve.core.settings;

import dev.varve.core.medium.Encryption;
import dev.varve.core.medium.Medium;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Whether an image file is encrypted, found out where it can be: in the settings files of machines
 * that are in the image's folder, or in the folder above it. Any thread.
 */
public final class KeyStores {

  private KeyStores() {}

  /**
   * The key of an image.
   *
   * @param settingsFile lists the image with a key
   * @param properties the image's that have to do with its encryption
   */
  public record Key(Path settingsFile, Map<String, String> properties) {}

  /**
   * The key that a settings file nearby lists for an image; null if none does. Files that cannot be
   * read tell nothing. May block.
   *
   * @param id null if the image holds none: then its place counts
   */
  public static @Nullable Key of(Path image, @Nullable UUID id) {
    Path folder = image.toAbsolutePath().normalize().getParent();
    for (int i = 0; i < 2 && folder != null; i++, folder = folder.getParent())
      for (Path file : ListedImages.settingsFiles(folder)) {
        Medium listed = listed(file, image.toAbsolutePath().normalize(), id);
        if (listed != null) return new Key(file, key(listed));
      }
    return null;
  }

  private static Map<String, String> key(Medium medium) {
    return medium.properties().entrySet().stream()
        .filter(property -> property.getKey().startsWith("CRYPT/"))
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  private static @Nullable Medium listed(Path settingsFile, Path image, @Nullable UUID id) {
    try {
      if (!ListedImages.isReadable(settingsFile)) return null;
      byte[] bytes = Files.readAllBytes(settingsFile);
      // Most files have no key, and need not be understood.
      if (!new String(bytes, StandardCharsets.UTF_8).contains(Encryption.KEY_STORE)) return null;
      for (Medium medium : MachineFile.of(settingsFile.toAbsolutePath(), bytes).registry()) {
        boolean same = id == null ? medium.location().equals(image) : medium.id().uuid().equals(id);
        if (same && medium.hasKey()) return medium;
      }
    } catch (IOException _) {
      return null;
    }
    return null;
  }
}
