package dev.varve.core.medium;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A virtual disk, DVD or floppy that is registered: what the model keeps of it. Who uses it, its
 * children and its locks follow from the rest of the inventory.
 *
 * @param location absolute; of a host drive, its device file
 * @param format as in settings files: VDI, RAW, VMDK, ...
 * @param parent null for a base
 * @param capacity what the guest sees, in bytes; 0 while nobody has looked
 * @param autoReset whether starting a machine empties it; only a medium with a parent
 * @param registry the machine in whose settings file it is listed; null: the global registry
 * @param accessError why the file could not be opened when it was last looked at; null if it could.
 *     Set for whatever nobody has looked at since the inventory was opened
 * @param properties whatever other programs keep with it
 */
public record Medium(
    MediumId id,
    Path location,
    String format,
    DeviceType device,
    MediumType type,
    MediumVariant variant,
    @Nullable MediumId parent,
    long capacity,
    boolean autoReset,
    java.util.@Nullable UUID registry,
    String description,
    Map<String, String> properties,
    @Nullable String accessError) {

  public Medium {
    if (!location.isAbsolute())
      throw new IllegalArgumentException("the location " + location + " is not absolute");
    if (autoReset && parent == null)
      throw new IllegalArgumentException("only a differencing image can be reset automatically");
    properties = Map.copyOf(properties);
  }

  public boolean isDifferencing() {
    return parent != null;
  }

  /** For people: the file. */
  public String name() {
    return location.toString();
  }

  /** The same with another type. */
  public Medium withType(MediumType type) {
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
        registry,
        description,
        properties,
        accessError);
  }

  /**
   * The same on another parent, of the same tree or out of it: {@code null} makes it a base, which
   * is never reset.
   */
  public Medium withParent(@Nullable MediumId parent) {
    return new Medium(
        id,
        location,
        format,
        device,
        type,
        variant,
        parent,
        capacity,
        autoReset && parent != null,
        registry,
        description,
        properties,
        accessError);
  }

  /** The same, emptied at start or not. */
  public Medium withAutoReset(boolean autoReset) {
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
        registry,
        description,
        properties,
        accessError);
  }

  /** The same in another registry. */
  public Medium withRegistry(java.util.@Nullable UUID registry) {
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
        registry,
        description,
        properties,
        accessError);
  }

  /** The same with another size. */
  public Medium withCapacity(long capacity) {
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
        registry,
        description,
        properties,
        accessError);
  }

  /** The same after its file was looked at. */
  public Medium withAccessError(@Nullable String accessError) {
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
        registry,
        description,
        properties,
        accessError);
  }
}
