package dev.varve.core.inventory;

import dev.varve.core.inventory.Inventory.Unlisted;
import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.MediumId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * Takes a machine off the list whose settings file cannot be used. The journal may keep lines that
 * wait until that file can be read: they are given up with it.
 *
 * <p>A line of an implicit medium does not say of which machine it is. It is given up whatever
 * machine it is of, so that no file is ever deleted that an unlisted machine has saved.
 */
final class Unlisting {

  private final InventoryState before;
  private final View.BadMachine machine;
  private final List<View.BadMachine> left;

  private Unlisting(InventoryState before, View.BadMachine machine) {
    this.before = before;
    this.machine = machine;
    this.left = before.bad().stream().filter(bad -> !bad.equals(machine)).toList();
  }

  /** For whoever holds the ledger's lock. */
  static Unlisted of(Path settingsFile, Store store, Ledger ledger) {
    InventoryState before = ledger.state();
    return new Unlisting(before, find(before, settingsFile)).carryOut(store, ledger);
  }

  private static View.BadMachine find(InventoryState state, Path settingsFile) {
    for (View.BadMachine bad : state.bad()) if (bad.settingsFile().equals(settingsFile)) return bad;
    throw Refusal.of(
        ErrorCode.VBOX_E_OBJECT_NOT_FOUND,
        "'%s' is not among the listed settings files that cannot be used",
        settingsFile);
  }

  private Unlisted carryOut(Store store, Ledger ledger) {
    List<String> unfinished = store.folder().contents().unfinished();
    List<Path> images = new ArrayList<>();
    List<String> work = new ArrayList<>();
    // Before the machine is off the list: the next run then deletes what nobody has registered.
    for (String line : unfinished)
      if (line.startsWith(Store.IMPLICIT)) {
        Store.Implicit made = Store.Implicit.of(line);
        boolean saved = before.media().containsKey(made.id());
        store.forget(line);
        if (!saved && Files.exists(made.file())) images.add(made.file());
      }
    ledger.decide(state -> state.withBad(left));
    // After it: if this comes to nothing, the next run gives them up.
    for (String line : unfinished)
      if (waits(line)) {
        store.forget(line);
        work.add(words(line));
      }
    return new Unlisted(images, work);
  }

  /** Whether work waits for nothing but this machine's settings file. */
  private boolean waits(String line) {
    if (line.startsWith(Store.IMPLICIT)) return false;
    String[] words = line.split(" ");
    UUID first = UUID.fromString(words[1]);
    if (words[0].equals(LongWork.DELETE_SNAPSHOT)) {
      var of = new MachineId(first);
      return !before.machines().containsKey(of) && (left.isEmpty() || of.equals(machine.id()));
    }
    var media = Set.of(new MediumId(first), new MediumId(UUID.fromString(words[2])));
    return left.isEmpty() && !before.media().keySet().containsAll(media);
  }

  private static String words(String line) {
    String[] words = line.split(" ");
    return words[0].equals(LongWork.DELETE_SNAPSHOT)
        ? "delete snapshot %s of machine %s".formatted(words[2], words[1])
        : "merge medium %s into %s".formatted(words[1], words[2]);
  }
}
