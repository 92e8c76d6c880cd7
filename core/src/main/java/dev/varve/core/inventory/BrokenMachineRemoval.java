package dev.varve.core.inventory;

import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.MediumId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Takes a machine off the list whose settings file cannot be used. The journal may keep lines that
 * wait until that file can be read: they are given up with it.
 *
 * <p>A line of an implicit medium does not say of which machine it is. It is given up whatever
 * machine it is of, so that no file is ever deleted that an unlisted machine has saved.
 */
final class BrokenMachineRemoval {

  private final InventoryState before;
  private final View.BadMachine machine;
  private final List<View.BadMachine> left;

  private BrokenMachineRemoval(InventoryState before, View.BadMachine machine) {
    this.before = before;
    this.machine = machine;
    this.left = before.bad().stream().filter(bad -> !bad.equals(machine)).toList();
  }

  /** The caller holds the inventory's lock. */
  static Unlisted of(Path settingsFile, Store store, Transactions transactions) {
    InventoryState before = transactions.state();
    return new BrokenMachineRemoval(before, find(before, settingsFile))
        .carryOut(store, transactions);
  }

  private static View.BadMachine find(InventoryState state, Path settingsFile) {
    for (View.BadMachine bad : state.bad()) if (bad.settingsFile().equals(settingsFile)) return bad;
    throw ModelErrors.of(
        ErrorCode.VBOX_E_OBJECT_NOT_FOUND,
        "'%s' is not among the listed settings files that cannot be used",
        settingsFile);
  }

  private Unlisted carryOut(Store store, Transactions transactions) {
    List<Unfinished> unfinished = store.unfinished();
    List<Path> images = new ArrayList<>();
    List<String> work = new ArrayList<>();
    // Before the machine is off the list: the next run then deletes what is not registered.
    for (Unfinished each : unfinished)
      if (each instanceof Unfinished.Implicit made) {
        boolean saved = before.media().containsKey(made.medium());
        store.forget(made);
        if (!saved && Files.exists(made.file())) images.add(made.file());
      }
    transactions.decide(state -> state.withBad(left));
    // After it: if this comes to nothing, the next run gives them up.
    for (Unfinished each : unfinished)
      if (each instanceof Unfinished.Work waiting && waitsForNothingElse(waiting)) {
        store.forget(waiting);
        work.add(waiting.words());
      }
    return new Unlisted(images, work);
  }

  /** Whether work waits for nothing but this machine's settings file. */
  private boolean waitsForNothingElse(Unfinished.Work work) {
    return switch (work) {
      case Unfinished.DeleteSnapshot(MachineId of, _) ->
          !before.machines().containsKey(of) && (left.isEmpty() || of.equals(machine.id()));
      case Unfinished.MergeMedium(MediumId source, MediumId target) ->
          left.isEmpty() && !before.media().keySet().containsAll(Set.of(source, target));
    };
  }
}
