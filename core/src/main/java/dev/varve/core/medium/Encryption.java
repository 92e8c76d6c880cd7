package dev.varve.core.medium;

import java.nio.file.Path;
import java.util.Map;

/**
 * Disks and machines that VirtualBox has encrypted. An encrypted image looks like any other; that
 * it is one, and its key, is a property of the base in the settings file that lists it. Varve has
 * no keys: read as it is, such a disk is noise, and written so it is lost. Any thread; nothing
 * blocks.
 */
public final class Encryption {

  /** The property that holds the key of an encrypted base. */
  public static final String KEY_STORE = "CRYPT/KeyStore";

  private Encryption() {}

  /** Whether a medium has a key of its own. One that builds on such a medium is encrypted too. */
  static boolean hasKey(Map<String, String> properties) {
    return !properties.getOrDefault(KEY_STORE, "").isEmpty();
  }

  /** What to do about an encrypted disk. */
  public static String wayOut(Path base) {
    return "Varve has no keys; decrypt it in VirtualBox with: VBoxManage encryptmedium '%s' --oldpassword FILE"
        .formatted(base);
  }
}
