package dev.varve.core.inventory;

import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_OBJECT_STATE;

import dev.varve.core.inventory.Warnings.Kind;
import dev.varve.core.journal.Kept;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineState;
import dev.varve.core.medium.ModelException;
import dev.varve.core.settings.Reading;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Settings files that other programs write while Varve knows them. VirtualBox takes no lock of a
 * machine's file, and people edit it by hand.
 *
 * <p>What the file says is what counts, unless that contradicts changes that a session has not
 * saved, or disks that are being served: then both stay as they are, a standing warning says so,
 * and whatever would use the machine is refused.
 */
final class OutsideEdits {

  private static final System.Logger LOG = OperationLog.of(OutsideEdits.class);

  private final Resources resources;

  OutsideEdits(Resources resources) {
    this.resources = resources;
  }

  /**
   * What a machine's file changes in the state.
   *
   * @param reading what the file says now; null if it is as it was
   */
  record Followed(MachineId machine, InventoryState state, @Nullable Reading reading) {}

  /**
   * The state in which a machine is what its file says now; it counts once it is {@link #take
   * taken}.
   *
   * @throws ModelException if it cannot be, because that contradicts what is open, or the file is
   *     gone or cannot be used
   */
  Followed follow(InventoryState state, MachineId machine) {
    MachineEntry entry = state.machine(machine);
    String file = entry.saved().settingsFile().toString();
    try {
      Reading reading = resources.store().folder().changed(entry.saved().settingsFile());
      if (reading == null) {
        resources.warnings().clear(Kind.CHANGED_OUTSIDE, file);
        return new Followed(machine, state, null);
      }
      return new Followed(machine, read(state, entry, reading), reading);
    } catch (IOException e) {
      throw warned(
          file,
          "the settings file '%s' of machine '%s' was changed by another program and cannot be used: %s. Varve does not write it; bring it back as it was, or mend it"
              .formatted(file, entry.name(), ModelErrors.why(entry.saved().settingsFile(), e)));
    } catch (ModelException e) {
      throw warned(file, String.valueOf(e.getMessage()));
    }
  }

  /** The machine is now what its file says. */
  void take(Followed followed) {
    Reading reading = followed.reading();
    if (reading == null) return;
    resources.store().take(reading, followed.state());
    resources.warnings().clear(Kind.CHANGED_OUTSIDE, reading.file().toString());
    LOG.log(
        Level.INFO,
        "machine ''{0}'': another program has changed {1}; it was read again",
        followed.state().machine(followed.machine()).name(),
        reading.file());
  }

  /** Whether a machine's file has to be looked at under the lock. Any thread. */
  boolean mayHaveChanged(View.MachineView machine) {
    String file = machine.saved().settingsFile().toString();
    return resources.warnings().has(Kind.CHANGED_OUTSIDE, file)
        || !resources.store().folder().isAsSeen(machine.saved().settingsFile());
  }

  /** Looks at the list of machines, and whether what is kept beside settings files still is. */
  void lookAtTheRest() {
    resources.store().lookAtList();
    for (Warnings.Warning warning : resources.warnings().all()) {
      if (warning.kind() != Kind.CHANGED_OUTSIDE) continue;
      Path file = Path.of(warning.subject());
      if (Kept.isName(file) && Files.notExists(file))
        resources.warnings().clear(Kind.CHANGED_OUTSIDE, warning.subject());
    }
  }

  private ModelException warned(String file, String text) {
    resources.warnings().raise(Kind.CHANGED_OUTSIDE, file, text);
    return ModelErrors.of(VBOX_E_INVALID_OBJECT_STATE, "%s", text);
  }

  private InventoryState read(InventoryState state, MachineEntry entry, Reading reading) {
    Machine machine = reading.settings().machine();
    if (!machine.id().equals(entry.id()))
      throw contradiction(
          entry, "it is the file of machine %s now. Bring it back as it was", machine.id());
    List<Machine> others =
        state.without(entry.id()).machines().values().stream().map(MachineEntry::saved).toList();
    String taken = Loading.takenName(machine, others);
    if (taken != null) throw contradiction(entry, "what it says now cannot be used: %s", taken);
    if (reading.hasSameStorage()) return withTheRest(state, entry, machine);
    if (isBusy(entry.state()))
      throw contradiction(
          entry,
          "the machine is in state %s. Wait until that has ended; the file is read again then",
          entry.state().text());
    if (!entry.sessions().isEmpty() && entry.hasUnsaved())
      throw contradiction(
          entry,
          "a session of the machine has changes that are not saved. Neither is lost: compare them, then drop the session's changes and read the file with 'varve machine reload --discard %s', or bring the file back as it was",
          entry.name());
    InventoryState next;
    try {
      next = Loading.replace(state, entry, reading.settings(), resources.store().folder().moved());
    } catch (ModelException e) {
      throw contradiction(
          entry, "what it says now cannot be used: %s", String.valueOf(e.getMessage()));
    }
    if (!MachineRuns.servesTheSame(state, next))
      throw contradiction(
          entry,
          "its disks are not those that are being served. Power the machine down; the file is read again then. Or bring the file back as it was");
    return entry.state().isOnline() ? MachineRuns.relocked(next, entry.id()) : next;
  }

  private static ModelException contradiction(MachineEntry entry, String how, Object... words) {
    return ModelErrors.of(
        VBOX_E_INVALID_OBJECT_STATE,
        "another program has changed '%s', the settings file of machine '%s', and %s",
        entry.saved().settingsFile(),
        entry.name(),
        String.format(Locale.ROOT, how, words));
  }

  private static boolean isBusy(MachineState state) {
    return state.isTransient()
        || state == MachineState.DELETING_SNAPSHOT
        || state == MachineState.DELETING_SNAPSHOT_ONLINE;
  }

  /** The machine with whatever the file says besides storage; sessions keep their working copy. */
  private static InventoryState withTheRest(
      InventoryState state, MachineEntry entry, Machine machine) {
    Machine known = AttachmentVisitor.map(machine, state::present);
    return state.with(
        entry.with(known.withHardware(entry.saved().hardware(), machine.currentStateModified())));
  }
}
