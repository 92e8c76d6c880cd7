package dev.varve.core.inventory;

import dev.varve.core.journal.Fuse;
import java.io.IOException;
import java.nio.file.Path;

/** Opens an inventory whose changes on disk are steps of a fuse. */
public final class SteppedInventory {

  private SteppedInventory() {}

  /**
   * @param ports whose images a fuse does not hear yet
   */
  public static Inventory open(Path stateFolder, Ports ports, Fuse fuse) throws IOException {
    var stepped =
        new Ports(
            fuse.over(ports.images()),
            ports.disks(),
            ports.clock(),
            ports.ids(),
            ports.jobs(),
            ports.bugs());
    return Inventory.open(stateFolder, stepped, fuse.files());
  }
}
