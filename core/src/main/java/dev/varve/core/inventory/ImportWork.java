package dev.varve.core.inventory;

import dev.varve.core.inventory.PackedMachine.NewDisk;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineParts;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.Progress;
import dev.varve.core.ovf.OvfDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Makes a machine of a package: its folder, its disks, then its settings. Until it has ended there
 * is no machine. Immutable.
 *
 * @param packed open
 * @param made the machine as it will be
 * @param media what the disks become
 * @param named whether the user has chosen the machine's name; another one may be changed
 */
record ImportWork(PackedMachine packed, Machine made, Map<OvfDisk, Medium> media, boolean named)
    implements Work {

  @Override
  public String description() {
    return "import machine '%s' from '%s'".formatted(made.name(), packed.file());
  }

  @Override
  public MachineId makes() {
    return made.id();
  }

  Path folder() {
    return Objects.requireNonNull(made.settingsFile().getParent());
  }

  @Override
  public Map<Path, MediumId> creates() {
    Map<Path, MediumId> creates = new LinkedHashMap<>();
    for (Medium medium : media.values()) creates.put(medium.location(), medium.id());
    return creates;
  }

  @Override
  public Map<Path, MachineParts> furnished() {
    return Map.of(made.settingsFile(), packed.machine().parts());
  }

  @Override
  public void makeRoom(Resources resources) throws IOException {
    resources.store().folder().makeFolderOf(made.settingsFile());
  }

  @Override
  public void run(Tools tools, Progress progress) throws IOException {
    var all = new ProgressShare(progress, 0, 1000);
    packed.check(folder(), all.part(0, 5));
    int done = 0;
    for (var copied : media.entrySet()) {
      Medium medium = copied.getValue();
      packed.copy(
          new NewDisk(
              copied.getKey(),
              medium.location(),
              medium.id(),
              medium.format(),
              tools.making()::makes),
          new ProgressShare(progress, 200, 1000).part(done++, media.size()));
    }
  }

  @Override
  public InventoryState apply(InventoryState now) {
    Machine registered = MachineNames.named(now, made, named);
    InventoryState after =
        now.withMedia(List.copyOf(media.values())).with(MachineEntry.of(registered));
    return Registries.claimed(after, registered.id());
  }

  @Override
  public void undone(Resources resources) {
    resources.store().folder().removeFolder(folder());
  }
}
