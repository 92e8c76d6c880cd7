package dev.varve.core.inventory;

import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.Progress;
import dev.varve.core.ovf.OvfDisk;
import dev.varve.core.ovf.OvfMachine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * Puts a machine into a package. The machine stays as it is: locks of media are all that the work
 * needs. Immutable.
 *
 * @param contents what each disk shows
 * @param id stands for the package in the journal; the file holds none
 */
record ExportWork(
    MachinePacker packer, OvfMachine exported, Map<OvfDisk, ImageChain> contents, MediumId id)
    implements Work {

  @Override
  public String description() {
    return "export machine '%s' to '%s'".formatted(exported.name(), packer.file());
  }

  /** A file that is replaced is replaced in one step: a crash leaves the old one or the new one. */
  @Override
  public Map<Path, MediumId> creates() {
    return packer.replaces() ? Map.of() : Map.of(packer.file(), id);
  }

  @Override
  public void run(Tools tools, Progress progress) throws IOException {
    packer.pack(
        exported,
        contents,
        progress,
        (name, file) -> {
          if (!packer.replaces()) tools.making().makes(name, file);
        });
  }

  @Override
  public InventoryState apply(InventoryState now) {
    return now;
  }
}
