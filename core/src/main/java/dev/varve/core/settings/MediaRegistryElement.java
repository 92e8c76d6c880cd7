package dev.varve.core.settings;

import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.SamePlace;
import dev.varve.core.xml.XmlElement;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The element {@code MediaRegistry}: hard disks, each inside its parent, then images of DVDs and
 * floppies.
 *
 * <p>Files say neither how large a medium is nor whether it is fixed: as read, it has capacity 0
 * and has not been checked.
 *
 * <p>Not thread-safe.
 */
final class MediaRegistryElement {

  private static final String LOCATION = "location";

  /** The lists of a registry in their order. */
  private enum Kind {
    HARD_DISKS("HardDisks", "HardDisk", DeviceType.HARD_DISK, MediumType.NORMAL),
    DVDS("DVDImages", "Image", DeviceType.DVD, MediumType.READONLY),
    FLOPPIES("FloppyImages", "Image", DeviceType.FLOPPY, MediumType.WRITETHROUGH);

    final String list;
    final String element;
    final DeviceType device;
    final MediumType usualType;

    Kind(String list, String element, DeviceType device, MediumType usualType) {
      this.list = list;
      this.element = element;
      this.device = device;
      this.usualType = usualType;
    }
  }

  private final Path folder;
  private final @Nullable UUID owner;
  private final Whereabouts whereabouts;

  /**
   * @param folder relative locations are meant from here
   * @param owner the machine; null for the global registry
   */
  MediaRegistryElement(Path folder, @Nullable UUID owner, Whereabouts whereabouts) {
    this.folder = folder;
    this.owner = owner;
    this.whereabouts = whereabouts;
  }

  // ---- reading

  /**
   * The media of a registry, parents first.
   *
   * @param registry null for none
   */
  List<Medium> read(@Nullable XmlElement registry) throws SettingsException {
    Map<MediumId, Medium> media = new LinkedHashMap<>();
    if (registry == null) return List.of();
    List<String> locations = new ArrayList<>();
    for (XmlElement element : registry.descendants()) {
      String location = element.attribute(LOCATION);
      if (location != null) locations.add(location);
    }
    whereabouts.read(locations);
    for (Kind kind : Kind.values()) {
      XmlElement list = Values.only(registry, kind.list);
      if (list == null) continue;
      for (XmlElement element : list.elements(kind.element)) read(element, kind, null, media);
    }
    return List.copyOf(media.values());
  }

  private void read(
      XmlElement element, Kind kind, @Nullable MediumId parent, Map<MediumId, Medium> media)
      throws SettingsException {
    Medium medium = medium(element, kind, parent);
    if (media.putIfAbsent(medium.id(), medium) != null)
      throw Values.refuse(element, "uuid", "is in the registry already; remove one of the two");
    if (kind == Kind.HARD_DISKS)
      for (XmlElement child : element.elements(kind.element)) read(child, kind, medium.id(), media);
  }

  private Medium medium(XmlElement element, Kind kind, @Nullable MediumId parent)
      throws SettingsException {
    ImageFormat format = format(element, kind);
    var id = new MediumId(Values.uuid(element, "uuid"));
    XmlElement description = element.child("Description");
    Map<String, String> properties = new HashMap<>();
    for (XmlElement property : element.elements("Property")) {
      String value = property.attribute("value");
      properties.put(Values.text(property, "name"), value == null ? "" : value);
    }
    return new Medium(
        id,
        location(element, id, format, kind.device),
        format,
        kind.device,
        parent == null ? type(element, kind) : MediumType.NORMAL,
        parent == null ? MediumVariant.STANDARD : MediumVariant.DIFFERENCING,
        parent,
        0,
        parent != null && Values.flag(element, "autoReset", false),
        owner == null ? Set.of() : Set.of(owner),
        description == null ? "" : description.text(),
        properties,
        Medium.NOT_CHECKED);
  }

  private Path location(XmlElement element, MediumId id, ImageFormat format, DeviceType device)
      throws SettingsException {
    Path literal = Values.path(element, LOCATION, folder);
    if (format == ImageFormat.ISCSI) return literal;
    return whereabouts.of(Values.text(element, LOCATION), id, format, device);
  }

  /** Formats and types are compared without regard to case, as VirtualBox does it. */
  private static ImageFormat format(XmlElement element, Kind kind) throws SettingsException {
    if (kind != Kind.HARD_DISKS && element.attribute("format") == null) return ImageFormat.RAW;
    return ImageFormat.of(Values.text(element, "format"));
  }

  private static MediumType type(XmlElement element, Kind kind) throws SettingsException {
    String text = element.attribute("type");
    if (text == null) return kind.usualType;
    for (MediumType type : MediumType.values()) if (type.text().equalsIgnoreCase(text)) return type;
    throw Values.refuse(
        element,
        "type",
        "is no type of medium; it is Normal, Immutable, Writethrough, Shareable, Readonly or"
            + " MultiAttach");
  }

  // ---- writing

  /**
   * Makes a registry say what {@code media} are.
   *
   * @param media each after its parent, which is among them
   */
  void write(XmlElement registry, List<Medium> media) throws SettingsException {
    Map<MediumId, XmlElement> present = new HashMap<>();
    for (Kind kind : Kind.values()) collect(registry.child(kind.list), kind, present);
    for (Kind kind : Kind.values()) {
      List<Medium> ofKind = media.stream().filter(m -> kind.device == m.device()).toList();
      XmlElement list = registry.child(kind.list);
      if (list == null) {
        if (ofKind.isEmpty()) continue;
        list = registry.require(kind.list, after(kind));
      }
      write(list, kind, null, childrenOf(ofKind), present);
    }
  }

  private static String[] after(Kind kind) {
    return switch (kind) {
      case HARD_DISKS -> new String[] {Kind.DVDS.list, Kind.FLOPPIES.list};
      case DVDS -> new String[] {Kind.FLOPPIES.list};
      case FLOPPIES -> new String[0];
    };
  }

  private static void collect(
      @Nullable XmlElement parent, Kind kind, Map<MediumId, XmlElement> present)
      throws SettingsException {
    if (parent == null) return;
    for (XmlElement element : parent.elements(kind.element)) {
      present.put(new MediumId(Values.uuid(element, "uuid")), element);
      if (kind == Kind.HARD_DISKS) collect(element, kind, present);
    }
  }

  private static Map<@Nullable MediumId, List<Medium>> childrenOf(List<Medium> media) {
    Map<@Nullable MediumId, List<Medium>> children = new HashMap<>();
    Set<MediumId> ids = media.stream().map(Medium::id).collect(Collectors.toSet());
    for (Medium medium : media) {
      MediumId parent = medium.parent();
      if (parent != null && !ids.contains(parent))
        throw new IllegalArgumentException(
            "medium %s is in a registry without its parent %s".formatted(medium.id(), parent));
      if (!medium.isHostDrive())
        children.computeIfAbsent(parent, _ -> new ArrayList<>()).add(medium);
    }
    return children;
  }

  private void write(
      XmlElement place,
      Kind kind,
      @Nullable MediumId parent,
      Map<@Nullable MediumId, List<Medium>> children,
      Map<MediumId, XmlElement> present)
      throws SettingsException {
    List<Medium> here = children.getOrDefault(parent, List.of());
    List<XmlElement> elements = new ArrayList<>();
    for (Medium medium : here) {
      XmlElement element = present.get(medium.id());
      if (element == null) {
        requireKnown(medium);
        element = place.newElement(kind.element);
        fields(medium, kind).writeTo(element);
      } else {
        Medium before = medium(element, kind, holder(element, kind));
        fields(medium, kind, locationAsWritten(element, before, medium))
            .writeTo(element, fields(before, kind));
      }
      elements.add(element);
    }
    place.arrange(kind.element, elements);
    for (int i = 0; i < elements.size(); i++) {
      writeNotes(elements.get(i), here.get(i));
      if (kind == Kind.HARD_DISKS)
        write(elements.get(i), kind, here.get(i).id(), children, present);
    }
  }

  /** What a settings file calls a format that is not known here stays in that file alone. */
  private static void requireKnown(Medium medium) throws SettingsException {
    if (medium.format() != ImageFormat.OTHER) return;
    throw new SettingsException(
        "'%s' has a format that Varve does not know and cannot be listed in another settings file; add it there with the program that made it"
            .formatted(medium.name()));
  }

  /** The parent as the file has it. */
  private static @Nullable MediumId holder(XmlElement element, Kind kind) throws SettingsException {
    XmlElement parent = element.parent();
    if (parent == null || !parent.name().equals(kind.element)) return null;
    return new MediumId(Values.uuid(parent, "uuid"));
  }

  /** Another way to the same file is no other location, nor is one by which it was found. */
  private Path locationAsWritten(XmlElement element, Medium before, Medium now)
      throws SettingsException {
    boolean same =
        whereabouts.mayMean(Values.text(element, LOCATION), now.location())
            || SamePlace.of(before.location(), now.location());
    return same ? before.location() : now.location();
  }

  private AttributeOrder fields(Medium medium, Kind kind) {
    return fields(medium, kind, medium.location());
  }

  private AttributeOrder fields(Medium medium, Kind kind, Path location) {
    boolean disk = kind == Kind.HARD_DISKS;
    boolean typed = disk ? !medium.isDifferencing() : medium.type() != kind.usualType;
    boolean formatted = disk || medium.format() != ImageFormat.RAW;
    return new AttributeOrder()
        .with("uuid", Values.text(medium.id().uuid()))
        .with(LOCATION, Values.text(location, folder))
        .with("format", formatted ? medium.format().text() : null)
        .withTrue("autoReset", medium.autoReset())
        .with("type", typed ? medium.type().text() : null);
  }

  private static void writeNotes(XmlElement element, Medium medium) throws SettingsException {
    DescriptionElement.writeDescription(element, medium.description(), "Property", "HardDisk");
    List<XmlElement> properties = new ArrayList<>();
    Map<String, String> missing = new TreeMap<>(medium.properties());
    for (XmlElement property : element.elements("Property")) {
      String name = Values.text(property, "name");
      String value = missing.remove(name);
      if (value == null) continue;
      String before = property.attribute("value");
      property(name, value).writeTo(property, property(name, before == null ? "" : before));
      properties.add(property);
    }
    for (var entry : missing.entrySet()) {
      XmlElement property = element.newElement("Property");
      property(entry.getKey(), entry.getValue()).writeTo(property);
      properties.add(property);
    }
    element.arrange("Property", properties, "HardDisk");
  }

  private static AttributeOrder property(String name, String value) {
    // VirtualBox refuses a file with a property that has no value.
    return new AttributeOrder().with("name", name).with("value", value);
  }
}
