package dev.varve.core.inventory;

import dev.varve.core.machine.Machine;
import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.ovf.OvfDisk;
import dev.varve.core.ovf.OvfFile;
import dev.varve.core.ovf.OvfMachine;
import dev.varve.core.settings.FileName;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a packed machine becomes: its name, its folder, its media. */
final class Imports {

  private final Resources resources;

  Imports(Resources resources) {
    this.resources = resources;
  }

  /**
   * The work that makes a machine of a package.
   *
   * @param packed open
   * @param name null for that of the descriptor, with a number if there is such a machine
   * @param keepFormat whether its disks become VMDK images, as VirtualBox makes them, and not VDI
   */
  ImportWork plan(
      InventoryState state, PackedMachine packed, @Nullable String name, boolean keepFormat) {
    OvfMachine described = packed.machine();
    if (name != null) MachineNames.check(state, name);
    String chosen = name == null ? MachineNames.free(state, described.name()) : name;
    var id = new MachineId(resources.newId());
    Path settings = resources.store().folder().newMachineFile(id, chosen);
    ImageFormat format = keepFormat ? ImageFormat.VMDK : ImageFormat.VDI;
    Map<OvfDisk, Medium> media = new LinkedHashMap<>();
    Set<String> files = new HashSet<>();
    for (OvfDisk disk : described.disks())
      media.put(disk, medium(state, settings, disk, format, files));
    Map<OvfDisk, MediumId> ids = new HashMap<>();
    media.forEach((disk, medium) -> ids.put(disk, medium.id()));
    Machine machine =
        new Machine(
            id,
            chosen,
            settings,
            Machine.USUAL_SNAPSHOT_FOLDER,
            null,
            described.chipset(),
            described.hardware(ids),
            List.of(),
            null,
            true,
            resources.now());
    return new ImportWork(packed, machine, media, name != null);
  }

  private Medium medium(
      InventoryState state, Path settings, OvfDisk disk, ImageFormat format, Set<String> files) {
    Path folder = Objects.requireNonNull(settings.getParent());
    String ending = "." + format.text().toLowerCase(Locale.ROOT);
    String stem = stem(disk);
    String file = stem + ending;
    for (int i = 2; !files.add(file.toLowerCase(Locale.ROOT)); i++) file = stem + " " + i + ending;
    return new Medium(
        resources.newMediumId(),
        Media.free(state, folder.resolve(file)),
        format,
        DeviceType.HARD_DISK,
        MediumType.NORMAL,
        MediumVariant.STANDARD,
        null,
        disk.capacity(),
        false,
        Set.of(),
        "",
        Map.of(),
        Medium.NOT_CHECKED);
  }

  /** The name of the disk's file without its endings, for a new file. */
  private static String stem(OvfDisk disk) {
    OvfFile file = disk.file();
    if (file == null) return FileName.of(disk.id(), "disk");
    String name = file.href();
    if (name.toLowerCase(Locale.ROOT).endsWith(".gz")) name = name.substring(0, name.length() - 3);
    int dot = name.lastIndexOf('.');
    return FileName.of(dot > 0 ? name.substring(0, dot) : name, "disk");
  }
}
