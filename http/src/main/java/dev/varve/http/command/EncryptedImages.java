package dev.varve.http.command;

import dev.varve.core.medium.Encryption;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.settings.KeyStores;
import dev.varve.io.chain.ChainFinder.FoundChain;
import dev.varve.io.chain.FoundImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Refuses images that VirtualBox has encrypted, if a machine's settings file beside them says so:
 * the images themselves do not say it.
 */
final class EncryptedImages {

  private EncryptedImages() {}

  /** Refuses a chain with an encrypted image in it. */
  static void refuse(FoundChain chain) throws IOException {
    for (FoundImage image : chain.images()) {
      boolean raw = image.facts().format() == ImageFormat.RAW;
      refuse(image.path(), raw ? null : image.facts().id());
    }
  }

  /**
   * Refuses an encrypted image.
   *
   * @param id null for a raw disk
   */
  static void refuse(Path image, @Nullable UUID id) throws IOException {
    KeyStores.Key key = KeyStores.of(image, id);
    if (key != null)
      throw new IOException(
          "%s is encrypted: '%s' lists a key for it. %s"
              .formatted(image, key.settingsFile(), Encryption.wayOut(image.toAbsolutePath())));
  }
}
