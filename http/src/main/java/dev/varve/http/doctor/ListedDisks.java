package dev.varve.http.doctor;

import dev.varve.core.xml.XmlElement;
import dev.varve.core.xml.XmlReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** The images of hard disks that a machine's settings file lists. Stateless; blocks. */
final class ListedDisks {

  private static final String DISK = "HardDisk";

  private ListedDisks() {}

  /**
   * Each with whether it is written: an image on which others build is not.
   *
   * @throws IOException if the file cannot be read, or is no settings file
   */
  static Map<Path, Boolean> of(Path settingsFile) throws IOException {
    Path folder = settingsFile.toAbsolutePath().getParent();
    Map<Path, Boolean> disks = new LinkedHashMap<>();
    if (folder == null) return disks;
    XmlElement root =
        XmlReader.read(settingsFile.toString(), Files.readAllBytes(settingsFile)).root();
    for (XmlElement each : root.descendants()) {
      String location = each.attribute("location");
      if (each.name().equals(DISK) && location != null && !location.contains("://"))
        disks.put(folder.resolve(location).normalize(), each.elements(DISK).isEmpty());
    }
    return disks;
  }
}
