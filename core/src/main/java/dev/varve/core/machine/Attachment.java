package dev.varve.core.machine;

import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.MediumId;
import org.jspecify.annotations.Nullable;

/**
 * A device in a slot, and the medium in it.
 *
 * @param medium null for an empty drive
 * @param passthrough DVD: requests go through to the host's drive
 * @param temporaryEject DVD: the guest's eject leaves the medium associated
 * @param ejected DVD: the guest has opened the tray; never saved
 * @param nonRotational hard disk: the guest is told that there is no seek cost
 * @param discard hard disk: the guest may discard
 * @param bandwidthGroup by name; null for none
 * @param implicit the medium is a differencing image that attaching made since the last save; never
 *     saved
 */
public record Attachment(
    Slot slot,
    DeviceType type,
    @Nullable MediumId medium,
    boolean passthrough,
    boolean temporaryEject,
    boolean ejected,
    boolean nonRotational,
    boolean discard,
    boolean hotPluggable,
    @Nullable String bandwidthGroup,
    boolean implicit) {

  public Attachment {
    if (slot.port() < 0 || slot.device() < 0)
      throw new IllegalArgumentException("negative slot " + slot);
  }
}
