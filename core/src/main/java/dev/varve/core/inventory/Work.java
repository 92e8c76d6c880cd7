package dev.varve.core.inventory;

import dev.varve.core.journal.FileStep;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineParts;
import dev.varve.core.medium.FileIdentity;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.Progress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a job does to images, and what the inventory is afterwards. {@link RunningWork} carries it
 * from its beginning to its end. Used by the thread of one job.
 */
sealed interface Work permits MergeWork, CopyWork, ImportWork, ExportWork {

  /** For people: {@code copy 'a.vdi' to 'b.vdi'}. */
  String description();

  /** Whose disks are worked on, which may be in use; null if the work is of no machine. */
  default @Nullable MachineId machine() {
    return null;
  }

  /** Files that the work makes, with the ids that they hold. */
  Map<Path, MediumId> creates();

  /** The machine that there is once the work is done; null if it makes none. */
  default @Nullable MachineId makes() {
    return null;
  }

  /** What the settings files of new machines hold beside their storage. */
  default Map<Path, MachineParts> furnished() {
    return Map.of();
  }

  /** Makes what the files of the work lie in, once the journal knows of the work. */
  default void makeRoom(Resources resources) throws IOException {}

  /** Notes which file has a name that {@link #creates} promised. */
  interface Making {
    void makes(Path name, FileIdentity file) throws IOException;
  }

  /**
   * Does what takes long, without the lock of the inventory's state.
   *
   * @throws java.util.concurrent.CancellationException if it stopped because {@code progress} said
   *     so
   */
  void run(Tools tools, Progress progress) throws IOException;

  /** What the work may use while it runs. */
  record Tools(Resources resources, Transactions transactions, Making making) {}

  /** Images that show something else already: with one of them the work has to be finished. */
  default Set<MediumId> changed() {
    return Set.of();
  }

  /** The state once the work is done. */
  InventoryState apply(InventoryState now);

  /** What is left to do with files once it is decided. */
  default List<FileStep> steps(InventoryState now) {
    return List.of();
  }

  /**
   * Runs the decision at the moment at which running disks can follow it; at once if none knows of
   * the work.
   */
  default void decide(Tools tools, RunningDisks.Decision decision) throws IOException {
    decision.run();
  }

  /** Lets running disks forget what the work has done so far. */
  default void abandon() {}

  /** Removes what is left when all files are deleted that the work has made. */
  default void undone(Resources resources) {}
}
