package dev.varve.core.settings;

import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineParts;
import dev.varve.core.machine.Names;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.xml.XmlDocument;
import dev.varve.core.xml.XmlElement;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A machine's {@code .vbox} file in memory: what it says, and how it comes to say something else.
 *
 * <p>Storage is all that Varve knows of a machine. The rest of the file stays as it is: also when a
 * snapshot is restored, the current state keeps its memory size, its network and so on; a new
 * snapshot gets a copy of them.
 *
 * <p>Not thread-safe.
 */
final class MachineFile {

  private static final String USUAL_CHIPSET = "PIIX3";
  private static final String PLATFORM = "Platform";
  private static final String CONTROLLERS = "StorageControllers";

  /** In which elements those stand that say what disks there are. */
  private static final Map<String, Set<String>> PLACES =
      Map.of(
          "StorageControllers", Set.of("Hardware", "Machine", "Snapshot"),
          "StorageController", Set.of(CONTROLLERS),
          "AttachedDevice", Set.of("StorageController"),
          "HardDisks", Set.of("MediaRegistry"),
          "HardDisk", Set.of("HardDisks", "HardDisk"),
          "Snapshot", Set.of("Machine", "Snapshots"));

  private static final String NEW =
      """
      <?xml version="1.0"?>
      <VirtualBox xmlns="http://www.virtualbox.org/" version="1.19-linux">
        <Machine OSType="Other">
          <Hardware>
            <Memory RAMSize="1024"/>
            <IO>
              <IoCache/>
            </IO>
            <StorageControllers/>
          </Hardware>
        </Machine>
      </VirtualBox>
      """;

  private final Path path;
  private final XmlDocument document;
  private final XmlElement machine;
  private final SettingsVersion version;
  private final Whereabouts whereabouts;
  private @Nullable List<Medium> registry;

  private MachineFile(Path path, XmlDocument document, @Nullable ImageFiles images)
      throws SettingsException {
    this.path = path;
    this.document = document;
    this.machine = SettingsFormat.content(document.root(), "Machine");
    this.version = SettingsVersion.of(document.root());
    this.whereabouts =
        new Whereabouts(folder(), Machine.snapshotPath(path, snapshotFolder()), images);
    if (version.isUnknown()) checkPlaces();
  }

  /**
   * Refuses a file of an unknown version with storage in places that are not read: its machine
   * would come without some of its disks.
   */
  private void checkPlaces() throws SettingsException {
    for (XmlElement element : machine.descendants()) {
      Set<String> places = PLACES.get(element.name());
      XmlElement parent = element.parent();
      if (places != null && parent != null && !places.contains(parent.name()))
        throw SettingsException.at(
            element,
            ("in %s, where files up to version %s do not have it; this file has version %s and"
                    + " cannot be read by this version of Varve")
                .formatted(parent.name(), SettingsVersion.NEWEST.text(), version.text()));
    }
  }

  /**
   * A file that is there. Its media are where it says.
   *
   * @param path absolute
   */
  static MachineFile read(Path path) throws IOException {
    return new MachineFile(path, parsed(path), null);
  }

  /**
   * A file that is there.
   *
   * @param path absolute
   * @param images to find media that are not where the file says
   */
  static MachineFile read(Path path, ImageFiles images) throws IOException {
    return new MachineFile(path, parsed(path), images);
  }

  /**
   * A file that was read elsewhere, to be written. Its media are where it says.
   *
   * @param path absolute
   */
  static MachineFile of(Path path, byte[] bytes) throws SettingsException {
    return new MachineFile(path, parsed(path, bytes), null);
  }

  /**
   * A file that was read elsewhere.
   *
   * @param path absolute
   * @param images to find media that are not where the file says
   */
  static MachineFile of(Path path, byte[] bytes, ImageFiles images) throws SettingsException {
    return new MachineFile(path, parsed(path, bytes), images);
  }

  private static XmlDocument parsed(Path path) throws IOException {
    byte[] bytes = SettingsFile.bytes(path);
    return bytes == null ? SettingsFile.xml(path) : parsed(path, bytes);
  }

  private static XmlDocument parsed(Path path, byte[] bytes) throws SettingsException {
    MistakenFile.check(path, bytes);
    try {
      return SettingsFile.xml(path, bytes);
    } catch (SettingsException e) {
      String hint = PreviousVersion.hint(path);
      throw hint.isEmpty() ? e : new SettingsException(e.getMessage() + hint);
    }
  }

  /** Reads a file by any name, only to see whether it can be read. */
  static void readWhatever(Path path) throws IOException {
    new MachineFile(path, SettingsFile.xml(path), null);
  }

  /** A file for a new machine. */
  static MachineFile blank(Machine machine) throws SettingsException {
    MachineFile file = of(machine.settingsFile(), NEW.getBytes(StandardCharsets.UTF_8));
    fields(machine).writeTo(file.machine);
    return file;
  }

  /**
   * A file for a new machine.
   *
   * @param parts what it is beside its storage; null for what is usual
   */
  static MachineFile blank(Machine machine, @Nullable MachineParts parts) throws SettingsException {
    MachineFile file = blank(machine);
    if (parts != null) PartsElement.write(file.machine, parts);
    return file;
  }

  byte[] toBytes() {
    return document.toBytes();
  }

  // ---- reading

  /** What a user should know of the file although it can be read, a line each. */
  List<String> remarks() {
    List<String> remarks = new ArrayList<>();
    if (version.isUnknown())
      remarks.add(
          ("%s has version %s of the settings format, and this version of Varve knows those up to"
                  + " %s: what it does not know stays in the file as it is")
              .formatted(path, version.text(), SettingsVersion.NEWEST.text()));
    remarks.addAll(whereabouts.remarks(path));
    return remarks;
  }

  /** What to say of media that are elsewhere than the file says, if they are missing. */
  Map<MediumId, MovedMedia.Note> moved() {
    return whereabouts.notes();
  }

  /**
   * What it says beside the storage.
   *
   * @param snapshot null for the current state
   */
  MachineParts parts(@Nullable SnapshotId snapshot) throws SettingsException {
    XmlElement owner = snapshot == null ? machine : snapshot(snapshot);
    MachineParts parts = PartsElement.read(machine, owner);
    String text = PackedElement.of(machine, owner, version);
    return new MachineParts(
        parts.osType(), parts.memoryMebibytes(), parts.processors(), parts.efi(), text);
  }

  private XmlElement snapshot(SnapshotId id) throws SettingsException {
    for (XmlElement element : machine.descendants())
      if (element.name().equals("Snapshot") && Values.uuid(element, "uuid").equals(id.uuid()))
        return element;
    throw SettingsException.at(machine, "snapshot %s is missing".formatted(id));
  }

  MachineId id() throws SettingsException {
    return new MachineId(Values.uuid(machine, "uuid"));
  }

  /** The media of its own registry, parents first. */
  List<Medium> registry() throws SettingsException {
    List<Medium> read = registry;
    if (read == null) {
      read = mediaRegistry().read(Values.only(machine, "MediaRegistry"));
      registry = read;
    }
    return read;
  }

  /**
   * What it says.
   *
   * @param known its own media and others that its devices may name
   */
  MachineSettings settings(KnownMedia known) throws SettingsException {
    return settingsWith(known, registry());
  }

  /** What it says, whatever media there are; to be compared with what it says at another moment. */
  MachineSettings said() throws SettingsException {
    Whereabouts asWritten = Whereabouts.asWritten(folder());
    MediaRegistryElement list = new MediaRegistryElement(folder(), id().uuid(), asWritten);
    return settingsWith(null, list.read(Values.only(machine, "MediaRegistry")));
  }

  private MachineSettings settingsWith(@Nullable KnownMedia known, List<Medium> registered)
      throws SettingsException {
    Machine header = header();
    List<Medium> media = new ArrayList<>(registered);
    var drives = new MediaOfMachine(header.id().uuid(), folder(), known);
    var reader = new HardwareElement(drives, version);
    var limits = new ExtraLimits(machine);
    List<Snapshot> snapshots = new ArrayList<>();
    XmlElement first = Values.only(machine, "Snapshot");
    if (first != null) read(first, null, reader, limits, snapshots, new HashSet<>());
    SnapshotId now = header.currentSnapshot();
    if (now != null && snapshots.stream().noneMatch(s -> s.id().equals(now)))
      throw Values.refuse(
          machine, "currentSnapshot", "is no snapshot of this machine; name one, or remove it");
    drives.readCurrentState();
    Hardware hardware = limits.addTo(reader.read(machine), null);
    media.addAll(drives.hostDrives());
    drives.hostDrives().forEach(drive -> whereabouts.noteDrive(drive.id(), drive.location()));
    return new MachineSettings(with(header, hardware, snapshots), media);
  }

  private static void read(
      XmlElement element,
      @Nullable SnapshotId parent,
      HardwareElement reader,
      ExtraLimits limits,
      List<Snapshot> snapshots,
      Set<SnapshotId> ids)
      throws SettingsException {
    var id = new SnapshotId(Values.uuid(element, "uuid"));
    if (!ids.add(id))
      throw Values.refuse(element, "uuid", "is the uuid of two snapshots; remove one of them");
    Hardware hardware = limits.addTo(reader.read(element), id);
    snapshots.add(snapshot(element, id, parent, hardware));
    XmlElement children = Values.only(element, "Snapshots");
    if (children == null) return;
    for (XmlElement child : children.elements("Snapshot"))
      read(child, id, reader, limits, snapshots, ids);
  }

  private static Snapshot snapshot(
      XmlElement element, SnapshotId id, @Nullable SnapshotId parent, Hardware hardware)
      throws SettingsException {
    XmlElement description = element.child("Description");
    return new Snapshot(
        id,
        Values.name(element, MachineFile::snapshotFault),
        description == null ? "" : description.text(),
        Values.instant(element, "timeStamp"),
        parent,
        stateFile(element),
        hardware);
  }

  /** A name that VirtualBox took stays, even an empty one, unless it breaks lines. */
  private static @Nullable String snapshotFault(String name) {
    return name.isBlank() ? null : Names.fault(name);
  }

  /** Null if no memory is saved. */
  private static @Nullable String stateFile(XmlElement machineOrSnapshot) {
    String file = machineOrSnapshot.attribute("stateFile");
    return file == null || file.isEmpty() ? null : file;
  }

  /** The machine without storage and snapshots. */
  private Machine header() throws SettingsException {
    UUID now = Values.uuidIfAny(machine, "currentSnapshot");
    boolean dated = machine.attribute("lastStateChange") != null;
    return new Machine(
        id(),
        Values.name(machine, Names::faultOfPart),
        path,
        snapshotFolder(),
        stateFile(machine),
        chipset(),
        Hardware.EMPTY,
        List.of(),
        now == null ? null : new SnapshotId(now),
        Values.flag(machine, "currentStateModified", true),
        dated ? Values.instant(machine, "lastStateChange") : Instant.EPOCH);
  }

  private String snapshotFolder() {
    String folder = machine.attribute("snapshotFolder");
    return folder == null || folder.isEmpty() ? Machine.USUAL_SNAPSHOT_FOLDER : folder;
  }

  private static Machine with(Machine header, Hardware hardware, List<Snapshot> snapshots) {
    return new Machine(
        header.id(),
        header.name(),
        header.settingsFile(),
        header.snapshotFolder(),
        header.stateFile(),
        header.chipset(),
        hardware,
        snapshots,
        header.currentSnapshot(),
        header.currentStateModified(),
        header.lastStateChange());
  }

  private String chipset() throws SettingsException {
    XmlElement platform = Values.only(machine, version.hasPlatform() ? PLATFORM : "Hardware");
    XmlElement chipset = platform == null ? null : platform.child("Chipset");
    String type = chipset == null ? null : chipset.attribute("type");
    return type == null ? USUAL_CHIPSET : type;
  }

  private void writeChipset(String type) throws SettingsException {
    XmlElement chipset =
        version.hasPlatform()
            ? machine.require(PLATFORM).require("Chipset", "Iommu", "CPU", "x86", "arm")
            : machine
                .require("Hardware")
                .require("Chipset", "Paravirt", "Network", "AudioAdapter", "IO", CONTROLLERS);
    Values.set(chipset, "type", type, List.of("type"));
  }

  private Path folder() {
    Path folder = path.getParent();
    return folder == null ? path : folder;
  }

  private MediaRegistryElement mediaRegistry() throws SettingsException {
    return new MediaRegistryElement(folder(), id().uuid(), whereabouts);
  }

  // ---- writing

  /**
   * Makes the file say what {@code wanted} says. Where it says that already, nothing changes.
   *
   * @throws SettingsException if a name holds a character that XML cannot hold, or the file is
   *     damaged; throw this object away then
   */
  void write(MachineSettings wanted) throws SettingsException {
    registry = null;
    Machine model = wanted.machine();
    var drives = new MediaOfMachine(model.id().uuid(), folder(), null);
    for (Medium medium : wanted.media()) if (medium.isHostDrive()) drives.add(medium);
    var writer = new HardwareElement(drives, version);
    Machine before = header();
    fields(model).writeTo(machine, fields(before));
    // What VirtualBox says of the last run, which a restored memory replaces.
    if (model.stateFile() != null && !model.stateFile().equals(before.stateFile()))
      machine.remove("aborted");
    if (!wanted.media().isEmpty() || machine.child("MediaRegistry") != null)
      mediaRegistry()
          .write(
              machine.require("MediaRegistry", "ExtraData", "Snapshot", "Hardware"),
              wanted.media());
    new ExtraLimits(machine).write(model);
    new SnapshotTree(machine, writer).write(model.snapshots());
    writer.write(machine, model.hardware());
    if (!model.chipset().equals(chipset())) writeChipset(model.chipset());
  }

  private static AttributeOrder fields(Machine machine) {
    SnapshotId now = machine.currentSnapshot();
    // OSType, which Varve does not know, for the order only.
    return new AttributeOrder()
        .with("uuid", Values.text(machine.id().uuid()))
        .with("name", machine.name())
        .with("OSType", null)
        .with("stateFile", machine.stateFile())
        .with("currentSnapshot", now == null ? null : Values.text(now.uuid()))
        .with("snapshotFolder", machine.snapshotFolder())
        .with("currentStateModified", machine.currentStateModified() ? null : "false")
        .with("lastStateChange", Values.text(machine.lastStateChange()));
  }

  static AttributeOrder fields(Snapshot snapshot) {
    return new AttributeOrder()
        .with("uuid", Values.text(snapshot.id().uuid()))
        .with("name", snapshot.name())
        .with("timeStamp", Values.text(snapshot.takenAt()))
        .with("stateFile", snapshot.stateFile());
  }

  /** What an element says of a snapshot, without its storage. */
  static Snapshot header(XmlElement element) throws SettingsException {
    return snapshot(element, new SnapshotId(Values.uuid(element, "uuid")), null, Hardware.EMPTY);
  }
}
