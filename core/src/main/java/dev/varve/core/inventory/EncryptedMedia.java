package dev.varve.core.inventory;

import static dev.varve.core.medium.ErrorCode.VBOX_E_NOT_SUPPORTED;

import dev.varve.core.medium.Encryption;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import org.jspecify.annotations.Nullable;

/** Which media are encrypted, and the refusal to use one. */
final class EncryptedMedia {

  private EncryptedMedia() {}

  /** Whether a medium, or one that it builds on, has a key. */
  static boolean contains(InventoryState state, MediumId medium) {
    return keyed(state, medium) != null;
  }

  private static @Nullable Medium keyed(InventoryState state, MediumId medium) {
    return state.chain(medium).stream().filter(Medium::hasKey).findFirst().orElse(null);
  }

  /** Refuses to use an encrypted medium. */
  static void refuse(InventoryState state, MediumId id) {
    Medium keyed = keyed(state, id);
    if (keyed == null) return;
    Medium medium = state.medium(id);
    throw ModelErrors.of(
        VBOX_E_NOT_SUPPORTED,
        "'%s' is encrypted%s, and %s",
        medium.name(),
        medium.equals(keyed) ? "" : " like '%s', on which it builds".formatted(keyed.name()),
        Encryption.wayOut(keyed.location()));
  }
}
