package dev.varve.core.ovf;

import dev.varve.core.machine.MachineParts;
import dev.varve.core.machine.Names;
import dev.varve.core.xml.XmlElement;
import dev.varve.core.xml.XmlException;
import dev.varve.core.xml.XmlReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a descriptor that may come from anywhere: OVF 1.0 to 2.0, of VirtualBox and others. It
 * holds one machine; its files have plain names; nothing is fetched. Any thread.
 */
public final class OvfReader {

  /** Larger ones are refused; those of large machines have 100 KiB. */
  public static final int MAX_BYTES = 4 << 20;

  private static final int MAX_FILE_NAME = 255;
  private static final int MAX_NAME = 200;
  private static final String VIRTUALBOX = "virtualbox.org";

  private final XmlElement envelope;
  private final Map<String, OvfFile> files = new HashMap<>();
  private final Map<String, OvfDisk> disks = new LinkedHashMap<>();

  private OvfReader(XmlElement envelope) {
    this.envelope = envelope;
  }

  /**
   * Reads a descriptor.
   *
   * @param name for messages
   * @throws OvfException if it breaks a rule, or describes what Varve cannot import
   */
  public static OvfMachine read(String name, byte[] bytes) throws OvfException {
    if (bytes.length > MAX_BYTES)
      throw new OvfException(
          "%s: more than %d bytes, and no descriptor of that size is read; check that it is the right file"
              .formatted(name, MAX_BYTES));
    XmlElement root;
    try {
      root = XmlReader.read(name, bytes).root();
    } catch (XmlException e) {
      throw new OvfException(String.valueOf(e.getMessage()));
    }
    if (!root.localName().equals("Envelope"))
      throw OvfException.at(root, "a descriptor begins with Envelope; this is no OVF descriptor");
    return new OvfReader(root).machine();
  }

  private OvfMachine machine() throws OvfException {
    readFiles();
    readDisks();
    XmlElement system = system();
    XmlElement hardware = OvfFields.first(system, "VirtualHardwareSection");
    if (hardware == null)
      throw OvfException.at(
          system, "the element VirtualHardwareSection is missing: the machine has no hardware");
    XmlElement ours = virtualBoxPart(system);
    List<OvfItem> items = OvfItem.all(hardware, configuration());
    var storage = new OvfStorage(disks, ours);
    storage.read(items);
    return new OvfMachine(
        name(system),
        parts(system, hardware, items, ours),
        storage.chipset(),
        storage.controllers(),
        storage.drives());
  }

  // ---- files and disks

  private void readFiles() throws OvfException {
    XmlElement references = OvfFields.first(envelope, "References");
    if (references == null) return;
    for (XmlElement element : OvfFields.all(references, "File")) {
      String id = OvfFields.required(element, "id");
      if (files.put(id, file(element)) != null)
        throw OvfException.at(element, "id", id, "is that of two files; rename one of them");
    }
  }

  private static OvfFile file(XmlElement element) throws OvfException {
    String href = OvfFields.required(element, "href");
    checkPlain(element, href);
    String chunk = element.attributeOfAnyPrefix("chunkSize");
    if (chunk != null)
      throw OvfException.at(
          element,
          "chunkSize",
          chunk,
          "says that the file is in pieces, which cannot be read; join them and remove the attribute");
    String compression = element.attributeOfAnyPrefix("compression");
    boolean gzip = "gzip".equals(compression);
    if (!gzip && compression != null && !compression.isEmpty() && !compression.equals("identity"))
      throw OvfException.at(
          element, "compression", compression, "cannot be read; only gzip can, or none");
    String size = element.attributeOfAnyPrefix("size");
    return new OvfFile(href, size == null ? -1 : OvfFields.number(element, "size", size), gzip);
  }

  /** A file lies beside the descriptor, wherever its name would lead. */
  private static void checkPlain(XmlElement element, String href) throws OvfException {
    boolean plain =
        href.length() <= MAX_FILE_NAME
            && !href.equals(".")
            && !href.equals("..")
            && href.indexOf('/') < 0
            && href.indexOf('\\') < 0
            && Names.fault(href) == null;
    if (!plain)
      throw OvfException.at(
          element,
          "href",
          href,
          "is no plain file name: the files of a package lie beside its descriptor. Put the file there and name it without a folder");
  }

  private void readDisks() throws OvfException {
    XmlElement section = OvfFields.first(envelope, "DiskSection");
    if (section == null) return;
    for (XmlElement element : OvfFields.all(section, "Disk")) {
      String id = OvfFields.required(element, "diskId");
      if (disks.put(id, disk(element, id)) != null)
        throw OvfException.at(element, "diskId", id, "is that of two disks; rename one of them");
    }
  }

  private OvfDisk disk(XmlElement element, String id) throws OvfException {
    String parent = element.attributeOfAnyPrefix("parentRef");
    if (parent != null)
      throw OvfException.at(
          element,
          "parentRef",
          parent,
          "makes the disk one that builds on another, which cannot be imported; export the machine without its snapshots");
    String reference = element.attributeOfAnyPrefix("fileRef");
    OvfFile file = reference == null ? null : files.get(reference);
    if (reference != null && file == null)
      throw OvfException.at(
          element, "fileRef", reference, "is the id of no File in References; add that");
    String capacity = element.attributeOfAnyPrefix("capacity");
    String unit = element.attributeOfAnyPrefix("capacityAllocationUnits");
    // "${name}" stands for what a person chooses when the machine is deployed: the file says it.
    long bytes =
        capacity == null || capacity.startsWith("${")
            ? 0
            : OvfFields.bytes(element, "capacity", capacity, unit == null ? "" : unit);
    if (file == null && bytes == 0)
      throw OvfException.at(
          element, "a disk without a file needs its capacity; say it, or name the disk's file");
    String format = element.attributeOfAnyPrefix("format");
    long size = unit == null ? 1 : OvfUnits.bytes(unit);
    return new OvfDisk(id, bytes, size, format == null ? "" : format, file);
  }

  // ---- the machine

  private XmlElement system() throws OvfException {
    List<XmlElement> systems = new ArrayList<>(OvfFields.all(envelope, "VirtualSystem"));
    for (XmlElement collection : OvfFields.all(envelope, "VirtualSystemCollection"))
      for (XmlElement inside : collection.descendants())
        if (inside.localName().equals("VirtualSystem")) systems.add(inside);
    if (systems.size() != 1)
      throw OvfException.at(
          envelope,
          "it describes %d machines, and one can be imported; export them one by one"
              .formatted(systems.size()));
    return systems.getFirst();
  }

  private @Nullable String configuration() {
    XmlElement options = OvfFields.first(envelope, "DeploymentOptionSection");
    if (options == null) return null;
    List<XmlElement> all = OvfFields.all(options, "Configuration");
    for (XmlElement one : all)
      if ("true".equals(one.attributeOfAnyPrefix("default"))) return one.attributeOfAnyPrefix("id");
    return all.isEmpty() ? null : all.getFirst().attributeOfAnyPrefix("id");
  }

  private static @Nullable XmlElement virtualBoxPart(XmlElement system) {
    for (XmlElement machine : OvfFields.all(system, "Machine"))
      if (machine.name().startsWith("vbox:") || machine.namespace().contains(VIRTUALBOX))
        return machine;
    return null;
  }

  /** A name that a machine can have, near the one that the descriptor has. */
  private static String name(XmlElement system) {
    String said = OvfFields.text(system, "Name");
    if (said == null) said = system.attributeOfAnyPrefix("id");
    var name = new StringBuilder();
    if (said != null)
      said.strip()
          .codePoints()
          .limit(MAX_NAME)
          .mapToObj(Character::toString)
          .forEach(c -> name.append(Names.faultOfPart("x" + c) == null ? c : "_"));
    String plain = name.toString().strip();
    return Names.faultOfPart(plain) == null ? plain : "machine";
  }

  private static MachineParts parts(
      XmlElement system, XmlElement hardware, List<OvfItem> items, @Nullable XmlElement ours)
      throws OvfException {
    int memory = MachineParts.USUAL.memoryMebibytes();
    int processors = MachineParts.USUAL.processors();
    for (OvfItem item : items)
      switch (item.resourceType()) {
        case OvfItem.MEMORY -> memory = memory(item);
        case OvfItem.PROCESSOR ->
            processors = (int) Math.clamp(item.quantity(1), 1, MachineParts.MAX_PROCESSORS);
        default -> {}
      }
    return new MachineParts(
        osType(system, ours), memory, processors, isEfi(hardware, ours), written(ours));
  }

  private static String written(@Nullable XmlElement ours) {
    var text = new StringBuilder();
    if (ours != null) ours.write(text);
    return text.toString();
  }

  private static int memory(OvfItem item) throws OvfException {
    long size = item.quantity(OvfUnits.bytes("MegaBytes"));
    if (size == 0)
      throw OvfException.at(item.element(), "a machine without memory; say how much it has");
    return (int) Math.clamp(size >> 20, MachineParts.MIN_MEMORY, MachineParts.MAX_MEMORY);
  }

  private static String osType(XmlElement system, @Nullable XmlElement ours) throws OvfException {
    String word = ours == null ? null : ours.attributeOfAnyPrefix("OSType");
    XmlElement section = OvfFields.first(system, "OperatingSystemSection");
    if (word == null && section != null) word = OvfFields.text(section, "OSType");
    if (word != null && word.matches("[A-Za-z0-9_]{1,40}")) return word;
    String number = section == null ? null : section.attributeOfAnyPrefix("id");
    if (section == null || number == null) return MachineParts.USUAL.osType();
    return OsTypes.word((int) Math.min(OvfFields.number(section, "id", number), Integer.MAX_VALUE));
  }

  private static boolean isEfi(XmlElement hardware, @Nullable XmlElement ours) {
    if (ours != null)
      for (XmlElement element : ours.descendants())
        if (element.localName().equals("Firmware")) {
          String type = element.attributeOfAnyPrefix("type");
          return type != null && type.startsWith("EFI");
        }
    for (XmlElement config : OvfFields.all(hardware, "Config"))
      if ("firmware".equals(config.attributeOfAnyPrefix("key")))
        return "efi".equals(config.attributeOfAnyPrefix("value"));
    return false;
  }
}
