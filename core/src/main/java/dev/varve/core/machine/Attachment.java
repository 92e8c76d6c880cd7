package dev.varve.core.machine;

import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.MediumId;
import org.jspecify.annotations.Nullable;

/**
 * A device in a slot, and the medium in it. Immutable.
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

  /** A device as it is when it is attached: without flags and group. */
  public static Attachment of(
      Slot slot, DeviceType type, @Nullable MediumId medium, boolean hotPluggable) {
    return new Attachment(
        slot, type, medium, false, false, false, false, false, hotPluggable, null, false);
  }

  /** The same device elsewhere. */
  public Attachment withSlot(Slot slot) {
    return new Attachment(
        slot,
        type,
        medium,
        passthrough,
        temporaryEject,
        ejected,
        nonRotational,
        discard,
        hotPluggable,
        bandwidthGroup,
        implicit);
  }

  /** The same drive with another medium. */
  public Attachment withMedium(@Nullable MediumId medium) {
    return new Attachment(
        slot,
        type,
        medium,
        passthrough,
        temporaryEject,
        ejected,
        nonRotational,
        discard,
        hotPluggable,
        bandwidthGroup,
        implicit);
  }

  /** The same, requests going through to the host or not. */
  public Attachment withPassthrough(boolean passthrough) {
    return new Attachment(
        slot,
        type,
        medium,
        passthrough,
        temporaryEject,
        ejected,
        nonRotational,
        discard,
        hotPluggable,
        bandwidthGroup,
        implicit);
  }

  /** The same, the guest's eject being temporary or not. */
  public Attachment withTemporaryEject(boolean temporaryEject) {
    return new Attachment(
        slot,
        type,
        medium,
        passthrough,
        temporaryEject,
        ejected,
        nonRotational,
        discard,
        hotPluggable,
        bandwidthGroup,
        implicit);
  }

  /** The same, the tray open or closed. */
  public Attachment withEjected(boolean ejected) {
    return new Attachment(
        slot,
        type,
        medium,
        passthrough,
        temporaryEject,
        ejected,
        nonRotational,
        discard,
        hotPluggable,
        bandwidthGroup,
        implicit);
  }

  /** The same, spinning or not. */
  public Attachment withNonRotational(boolean nonRotational) {
    return new Attachment(
        slot,
        type,
        medium,
        passthrough,
        temporaryEject,
        ejected,
        nonRotational,
        discard,
        hotPluggable,
        bandwidthGroup,
        implicit);
  }

  /** The same, discarding or not. */
  public Attachment withDiscard(boolean discard) {
    return new Attachment(
        slot,
        type,
        medium,
        passthrough,
        temporaryEject,
        ejected,
        nonRotational,
        discard,
        hotPluggable,
        bandwidthGroup,
        implicit);
  }

  /** The same, coming and going while the machine runs or not. */
  public Attachment withHotPluggable(boolean hotPluggable) {
    return new Attachment(
        slot,
        type,
        medium,
        passthrough,
        temporaryEject,
        ejected,
        nonRotational,
        discard,
        hotPluggable,
        bandwidthGroup,
        implicit);
  }

  /** The same, made by attaching since the last save or not. */
  public Attachment withImplicit(boolean implicit) {
    return new Attachment(
        slot,
        type,
        medium,
        passthrough,
        temporaryEject,
        ejected,
        nonRotational,
        discard,
        hotPluggable,
        bandwidthGroup,
        implicit);
  }

  /** The same in another group, or in none. */
  public Attachment withBandwidthGroup(@Nullable String bandwidthGroup) {
    return new Attachment(
        slot,
        type,
        medium,
        passthrough,
        temporaryEject,
        ejected,
        nonRotational,
        discard,
        hotPluggable,
        bandwidthGroup,
        implicit);
  }

  /** What is saved of it: neither an open tray nor that attaching made the medium. */
  public Attachment settled() {
    return withEjected(false).withImplicit(false);
  }
}
