package dev.varve.core.medium;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A virtual disk, DVD or floppy that is registered: what the model keeps of it. Its users, its
 * children and its locks follow from the rest of the inventory. Immutable.
 *
 * @param location absolute; of a host drive, its device file
 * @param parent null for a base
 * @param capacity what the guest sees, in bytes; 0 until the file has been looked at
 * @param autoReset whether starting a machine empties it; only a medium with a parent
 * @param registries the machines in whose settings files it is listed; none: only in the global
 *     registry
 * @param accessError why the file could not be opened when it was last looked at; null if it could;
 *     {@link #NOT_CHECKED} if nothing has looked since the inventory was opened
 * @param properties whatever other programs keep with it
 */
public record Medium(
    MediumId id,
    Path location,
    ImageFormat format,
    DeviceType device,
    MediumType type,
    MediumVariant variant,
    @Nullable MediumId parent,
    long capacity,
    boolean autoReset,
    Set<UUID> registries,
    String description,
    Map<String, String> properties,
    @Nullable String accessError) {

  public Medium {
    if (!location.isAbsolute())
      throw new IllegalArgumentException("the location " + location + " is not absolute");
    if (autoReset && parent == null)
      throw new IllegalArgumentException("only a differencing image can be reset automatically");
    registries = Set.copyOf(registries);
    properties = Map.copyOf(properties);
  }

  /** The access error of a medium whose file has not been looked at. */
  public static final String NOT_CHECKED = "it has not been looked at yet";

  /**
   * The id of a drive of the host. Files that name one give it none: it follows from the device, so
   * that it is the same in every run and every machine.
   *
   * @param device absolute
   */
  public static MediumId hostDriveId(Path device) {
    return new MediumId(
        UUID.nameUUIDFromBytes(("host drive " + device).getBytes(StandardCharsets.UTF_8)));
  }

  public boolean isDifferencing() {
    return parent != null;
  }

  /** Whether its file says nothing of itself, neither an id nor a parent. */
  public boolean isRaw() {
    return format == ImageFormat.RAW;
  }

  /**
   * Whether Varve can write its file in place; a differencing image on top takes the writes of one
   * that can only be read. Known once the file has been looked at.
   */
  public boolean isWritable() {
    return switch (format) {
      case VDI, VHD, RAW, HOST_DRIVE -> true;
      case VMDK -> variant != MediumVariant.STREAM_OPTIMIZED;
      default -> false;
    };
  }

  /** Whether it is a DVD or floppy drive of the host, with whatever disc is in it. */
  public boolean isHostDrive() {
    return format == ImageFormat.HOST_DRIVE;
  }

  /** Whether its file has been looked at since the inventory was opened. */
  public boolean isChecked() {
    return !NOT_CHECKED.equals(accessError);
  }

  /** Whether it is encrypted with a key of its own; one that builds on it is encrypted too. */
  public boolean hasKey() {
    return Encryption.hasKey(properties);
  }

  /** Whether it is listed in no machine's settings file. */
  public boolean isGlobal() {
    return registries.isEmpty();
  }

  /** For people: the file. */
  public String name() {
    return location.toString();
  }

  /** The same in another place. */
  public Medium withLocation(Path location) {
    return with(parts -> parts.location = location);
  }

  /** The same with another type. */
  public Medium withType(MediumType type) {
    return with(parts -> parts.type = type);
  }

  /**
   * The same on another parent, of the same tree or out of it: {@code null} makes it a base, which
   * is never reset.
   */
  public Medium withParent(@Nullable MediumId parent) {
    return with(
        parts -> {
          parts.parent = parent;
          parts.autoReset = parts.autoReset && parent != null;
        });
  }

  /** The same, emptied at start or not. */
  public Medium withAutoReset(boolean autoReset) {
    return with(parts -> parts.autoReset = autoReset);
  }

  /** The same, listed in the registries of these machines. */
  public Medium withRegistries(Set<UUID> registries) {
    return with(parts -> parts.registries = registries);
  }

  /** The same with another size. */
  public Medium withCapacity(long capacity) {
    return with(parts -> parts.capacity = capacity);
  }

  /** The same of another variant: settings files do not say whether an image is fixed. */
  public Medium withVariant(MediumVariant variant) {
    return with(parts -> parts.variant = variant);
  }

  /** The same with other properties. */
  public Medium withProperties(Map<String, String> properties) {
    return with(parts -> parts.properties = properties);
  }

  /** The same after its file was looked at. */
  public Medium withAccessError(@Nullable String accessError) {
    return with(parts -> parts.accessError = accessError);
  }

  // ---- how the same with a difference is made

  private Medium with(Consumer<Parts> change) {
    var parts = new Parts(this);
    change.accept(parts);
    return parts.medium();
  }

  /** The components, to change some of. */
  private static final class Parts {
    MediumId id;
    Path location;
    ImageFormat format;
    DeviceType device;
    MediumType type;
    MediumVariant variant;
    @Nullable MediumId parent;
    long capacity;
    boolean autoReset;
    Set<UUID> registries;
    String description;
    Map<String, String> properties;
    @Nullable String accessError;

    Parts(Medium of) {
      id = of.id;
      location = of.location;
      format = of.format;
      device = of.device;
      type = of.type;
      variant = of.variant;
      parent = of.parent;
      capacity = of.capacity;
      autoReset = of.autoReset;
      registries = of.registries;
      description = of.description;
      properties = of.properties;
      accessError = of.accessError;
    }

    Medium medium() {
      return new Medium(
          id,
          location,
          format,
          device,
          type,
          variant,
          parent,
          capacity,
          autoReset,
          registries,
          description,
          properties,
          accessError);
    }
  }
}
