package dev.varve.core.inventory;

import dev.varve.core.journal.FileStep;
import dev.varve.core.journal.NewContents;
import dev.varve.core.machine.MachineParts;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.FileIdentity;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.settings.MachineSettings;
import dev.varve.core.settings.Reading;
import dev.varve.core.settings.StateFolder;
import dev.varve.core.settings.StateFolder.Change;
import dev.varve.core.settings.StateFolder.Prepared;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A state folder whose changes are prepared as far as that writes nothing, and noted when they are
 * decided. Used with the lock of the inventory's state; blocks.
 */
final class RehearsedFolder implements Store.Journaling {

  private final StateFolder folder;
  private final RehearsedEffects effects;

  RehearsedFolder(StateFolder folder, RehearsedEffects effects) {
    this.folder = folder;
    this.effects = effects;
  }

  @Override
  public Change begin(Map<Path, MediumId> creates, String unfinished) throws IOException {
    folder.checkFree(creates.keySet());
    return new OneChange(creates.keySet());
  }

  /** What ends the work of an image that attaching has made before. */
  Change ofUnsaved() {
    return new OneChange(Set.of());
  }

  /** Reading makes the machine this server's alone. */
  @Override
  public MachineSettings read(Path settingsFile) {
    throw ModelErrors.of(
        ErrorCode.VBOX_E_NOT_SUPPORTED,
        "it cannot be said before what opening '%s' changes; open it",
        settingsFile);
  }

  @Override
  public void take(Reading reading) {
    // The real inventory reads the file too, when it is asked.
  }

  @Override
  public void forget(Unfinished unfinished) {
    effects.say("unfinished work of an earlier run is given up");
  }

  private final class OneChange implements Change {
    private final Set<Path> creates;

    OneChange(Set<Path> creates) {
      this.creates = Set.copyOf(creates);
    }

    @Override
    public void makes(Path image, FileIdentity file) {
      // nothing is made
    }

    @Override
    public void furnish(Path settingsFile, MachineParts parts) {
      // nothing is written
    }

    @Override
    public Prepared prepare(
        List<MachineSettings> saved,
        List<Path> machines,
        List<Medium> globalMedia,
        List<FileStep> steps)
        throws IOException {
      List<NewContents> replaced = folder.wouldReplace(saved, machines, globalMedia);
      return new Prepared() {
        @Override
        public void decide() {
          for (NewContents file : replaced) effects.replaces(file.path());
          for (FileStep step : steps) note(step);
        }

        @Override
        public void carryOut() {
          // noted already
        }
      };
    }

    @Override
    public void rollBack() {
      effects.createsNot(creates);
    }

    @Override
    public void rollBack(Path made, MediumId id) {
      effects.deletes(made, null);
    }

    @Override
    public void postpone() {
      // nothing was begun
    }
  }

  private void note(FileStep step) {
    switch (step) {
      case FileStep.Delete delete -> effects.deletes(delete.image(), delete.format());
      case FileStep.Reparent reparent -> effects.rewritesImage(reparent.image());
      case FileStep.MakeBase base -> effects.rewritesImage(base.image());
    }
  }
}
