package dev.varve.core.settings;

import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.Medium;
import dev.varve.core.xml.XmlDocument;
import dev.varve.core.xml.XmlElement;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

/**
 * The file {@code varve.xml} of a state folder in memory: the list of machines and the global media
 * registry, with the elements that VirtualBox has for them. Not thread-safe.
 */
final class GlobalFile {

  static final String NAME = "varve.xml";

  private static final String NEW =
      """
      <?xml version="1.0"?>
      <VirtualBox xmlns="http://www.virtualbox.org/" version="1.12-linux">
        <Global>
          <MachineRegistry/>
        </Global>
      </VirtualBox>
      """;

  private static final String ENTRY = "MachineEntry";

  private final Path folder;
  private final XmlDocument document;
  private final XmlElement global;

  private GlobalFile(Path path, XmlDocument document) throws SettingsException {
    this.folder = Objects.requireNonNull(path.getParent());
    this.document = document;
    this.global = SettingsFormat.content(document.root(), "Global");
  }

  /**
   * A file that is there.
   *
   * @param path absolute
   */
  static GlobalFile read(Path path) throws IOException {
    return new GlobalFile(path, SettingsFile.xml(path));
  }

  /** A file whose contents were read before. */
  static GlobalFile of(Path path, byte[] bytes) throws SettingsException {
    return new GlobalFile(path, SettingsFile.xml(path, bytes));
  }

  /** A file with nothing on its lists. */
  static GlobalFile blank(Path path) throws SettingsException {
    return of(path, NEW.getBytes(StandardCharsets.UTF_8));
  }

  byte[] toBytes() {
    return document.toBytes();
  }

  /** The settings files of the listed machines. */
  List<Path> machines() throws SettingsException {
    List<Path> machines = new ArrayList<>();
    XmlElement list = global.child("MachineRegistry");
    if (list == null) return List.of();
    for (XmlElement entry : list.elements(ENTRY)) {
      Path machine = Values.path(entry, "src", folder);
      if (machines.contains(machine))
        throw Values.refuse(entry, "src", "is on the list twice; remove one of the two lines");
      machines.add(machine);
    }
    return List.copyOf(machines);
  }

  /** The machines of the list, by their settings files, as far as the file says. */
  Map<Path, MachineId> ids() throws SettingsException {
    Map<Path, MachineId> ids = new HashMap<>();
    XmlElement list = global.child("MachineRegistry");
    if (list == null) return ids;
    for (XmlElement entry : list.elements(ENTRY)) {
      UUID id = Values.uuidIfAny(entry, "uuid");
      if (id != null) ids.put(Values.path(entry, "src", folder), new MachineId(id));
    }
    return ids;
  }

  /** The media of no machine's registry, parents first. */
  List<Medium> media() throws SettingsException {
    return registry().read(global.child("MediaRegistry"));
  }

  private MediaRegistryElement registry() {
    return new MediaRegistryElement(folder, null, Whereabouts.asWritten(folder));
  }

  /**
   * Makes the file list these.
   *
   * @param ids those that are known
   */
  void write(List<Path> machines, Map<Path, MachineId> ids, List<Medium> media)
      throws SettingsException {
    XmlElement list = global.require("MachineRegistry");
    Map<Path, XmlElement> present = new HashMap<>();
    for (XmlElement entry : list.elements(ENTRY))
      present.put(Values.path(entry, "src", folder), entry);
    List<XmlElement> entries = new ArrayList<>();
    for (Path machine : machines) {
      XmlElement entry = present.get(machine.normalize());
      if (entry == null) {
        entry = list.newElement(ENTRY);
        MachineId id = ids.get(machine);
        new AttributeOrder()
            .with("uuid", id == null ? null : Values.text(id.uuid()))
            .with("src", Values.text(machine, folder))
            .writeTo(entry);
      }
      entries.add(entry);
    }
    list.arrange(ENTRY, entries);
    if (!media.isEmpty() || global.child("MediaRegistry") != null)
      registry().write(global.require("MediaRegistry", "NetserviceRegistry"), media);
  }
}
