package dev.varve.core.machine;

import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.MediumId;
import java.util.function.Consumer;
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
    return with(parts -> parts.slot = slot);
  }

  /** The same drive with another medium. */
  public Attachment withMedium(@Nullable MediumId medium) {
    return with(parts -> parts.medium = medium);
  }

  /** The same, requests going through to the host or not. */
  public Attachment withPassthrough(boolean passthrough) {
    return with(parts -> parts.passthrough = passthrough);
  }

  /** The same, the guest's eject being temporary or not. */
  public Attachment withTemporaryEject(boolean temporaryEject) {
    return with(parts -> parts.temporaryEject = temporaryEject);
  }

  /** The same, the tray open or closed. */
  public Attachment withEjected(boolean ejected) {
    return with(parts -> parts.ejected = ejected);
  }

  /** The same, spinning or not. */
  public Attachment withNonRotational(boolean nonRotational) {
    return with(parts -> parts.nonRotational = nonRotational);
  }

  /** The same, discarding or not. */
  public Attachment withDiscard(boolean discard) {
    return with(parts -> parts.discard = discard);
  }

  /** The same, coming and going while the machine runs or not. */
  public Attachment withHotPluggable(boolean hotPluggable) {
    return with(parts -> parts.hotPluggable = hotPluggable);
  }

  /** The same, made by attaching since the last save or not. */
  public Attachment withImplicit(boolean implicit) {
    return with(parts -> parts.implicit = implicit);
  }

  /** The same in another group, or in none. */
  public Attachment withBandwidthGroup(@Nullable String bandwidthGroup) {
    return with(parts -> parts.bandwidthGroup = bandwidthGroup);
  }

  /** What is saved of it: neither an open tray nor that attaching made the medium. */
  public Attachment settled() {
    return withEjected(false).withImplicit(false);
  }

  // ---- how the same with a difference is made

  private Attachment with(Consumer<Parts> change) {
    var parts = new Parts(this);
    change.accept(parts);
    return parts.attachment();
  }

  /** The components, to change some of. */
  private static final class Parts {
    Slot slot;
    DeviceType type;
    @Nullable MediumId medium;
    boolean passthrough;
    boolean temporaryEject;
    boolean ejected;
    boolean nonRotational;
    boolean discard;
    boolean hotPluggable;
    @Nullable String bandwidthGroup;
    boolean implicit;

    Parts(Attachment of) {
      slot = of.slot;
      type = of.type;
      medium = of.medium;
      passthrough = of.passthrough;
      temporaryEject = of.temporaryEject;
      ejected = of.ejected;
      nonRotational = of.nonRotational;
      discard = of.discard;
      hotPluggable = of.hotPluggable;
      bandwidthGroup = of.bandwidthGroup;
      implicit = of.implicit;
    }

    Attachment attachment() {
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
  }
}
