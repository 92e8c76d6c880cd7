package dev.varve.core.settings;

import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.xml.XmlElement;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Finds the media that a machine's devices name: in its own registry, elsewhere, or a drive of the
 * host.
 *
 * <p>Files name a host drive by its device and give it no id. Here it becomes a medium like others,
 * see {@link Medium#hostDriveId}.
 *
 * <p>Not thread-safe.
 */
final class MediaOfMachine {

  private final UUID machine;
  private final Path folder;
  private final @Nullable KnownMedia known;
  private final Map<MediumId, Medium> hostDrives = new LinkedHashMap<>();
  private boolean current;

  /**
   * @param folder the machine's
   * @param known its own media and others; null if every medium is taken for what its device names
   */
  MediaOfMachine(UUID machine, Path folder, @Nullable KnownMedia known) {
    this.machine = machine;
    this.folder = folder;
    this.known = known;
  }

  /** From now on devices of the current state are read, where more rules hold than in snapshots. */
  void readCurrentState() {
    current = true;
  }

  /** The host drives that were met, or given. */
  List<Medium> hostDrives() {
    return List.copyOf(hostDrives.values());
  }

  void add(Medium hostDrive) {
    hostDrives.put(hostDrive.id(), hostDrive);
  }

  /** Null if it is none. */
  @Nullable Medium hostDrive(MediumId id) {
    return hostDrives.get(id);
  }

  /**
   * The medium that an element {@code Image} names.
   *
   * @return null if it is removable and has vanished: the drive is empty then
   */
  @Nullable MediumId image(XmlElement element, DeviceType device) throws SettingsException {
    var id = new MediumId(Values.uuid(element, "uuid"));
    if (known == null) return id;
    Medium medium = known.find(id);
    if (medium == null) {
      if (device.isRemovable()) return null;
      throw Values.refuse(
          element,
          "uuid",
          "is no hard disk that is known; open the machine that has it first (a linked clone needs"
              + " its template), or the disk itself with 'varve medium open', or detach it");
    }
    if (medium.device() != device)
      throw Values.refuse(
          element,
          "uuid",
          "is a medium of kind %s in a device of kind %s; attach it as what it is"
              .formatted(medium.device().text(), device.text()));
    if (medium.type() == MediumType.IMMUTABLE || medium.type() == MediumType.MULTI_ATTACH)
      throw Values.refuse(
          element,
          "uuid",
          "is of type %s; only a differencing image of it can be attached"
              .formatted(medium.type().text()));
    if (current && device == DeviceType.HARD_DISK && known.hasChildren(id))
      throw Values.refuse(
          element,
          "uuid",
          "has differencing images on it, which writing to it would damage; attach one of those");
    return id;
  }

  /** The medium for an element {@code HostDrive}. */
  MediumId hostDrive(XmlElement element, DeviceType device) throws SettingsException {
    MediumId id = hostDriveId(element);
    hostDrives.putIfAbsent(
        id,
        new Medium(
            id,
            Values.path(element, "src", folder),
            ImageFormat.HOST_DRIVE,
            device,
            device == DeviceType.DVD ? MediumType.READONLY : MediumType.WRITETHROUGH,
            MediumVariant.STANDARD,
            null,
            0,
            false,
            Set.of(machine),
            "",
            Map.of(),
            Medium.NOT_CHECKED));
    return id;
  }

  MediumId hostDriveId(XmlElement element) throws SettingsException {
    return Medium.hostDriveId(Values.path(element, "src", folder));
  }

  AttributeOrder hostDriveFields(Medium drive) {
    return new AttributeOrder().with("src", Values.text(drive.location(), folder));
  }
}
