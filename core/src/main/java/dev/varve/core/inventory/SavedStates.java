package dev.varve.core.inventory;

import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_VM_STATE;

import dev.varve.core.journal.FileStep;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.medium.ModelException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The files in which machines keep their memory. A machine and its snapshots may name the same
 * file; it goes when nothing names it any more.
 */
final class SavedStates {

  /** How VirtualBox ends the name of such a file. A file of another name is not deleted. */
  private static final String EXTENSION = ".sav";

  private SavedStates() {}

  /** The steps that delete what is named before a change and by nothing after it. */
  static List<FileStep> unneeded(InventoryState before, InventoryState after) {
    Map<Path, String> left = names(after);
    List<FileStep> steps = new ArrayList<>();
    for (Path file : names(before).keySet())
      if (!left.containsKey(file) && whyKept(file) == null)
        steps.add(new FileStep.Delete(file, null));
    return steps;
  }

  /** What becomes of a machine's own file. */
  static DiscardedState discarded(Machine machine, InventoryState after, List<FileStep> steps) {
    Path file = machine.statePath(machine.stateFile());
    if (file == null)
      return new DiscardedState(
          String.valueOf(machine.stateFile()), "it is the path of another system");
    String user = names(after).get(file);
    if (user != null) return new DiscardedState(file.toString(), user + " needs it");
    boolean goes = steps.contains(new FileStep.Delete(file, null));
    return new DiscardedState(file.toString(), goes ? null : whyKept(file));
  }

  /** Settings files are read from elsewhere, and may name any file of the host. */
  private static @Nullable String whyKept(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    if (!name.endsWith(EXTENSION)) return "its name does not end in " + EXTENSION;
    boolean other =
        Files.exists(file, LinkOption.NOFOLLOW_LINKS)
            && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
    return other ? "it is not a regular file" : null;
  }

  /** All files that are named, each with the machine or snapshot that names it. */
  private static Map<Path, String> names(InventoryState state) {
    Map<Path, String> names = new LinkedHashMap<>();
    for (MachineEntry entry : state.machines().values()) {
      Machine machine = entry.saved();
      Path own = machine.statePath(machine.stateFile());
      if (own != null) names.putIfAbsent(own, "machine '%s'".formatted(machine.name()));
      for (Snapshot snapshot : machine.snapshots()) {
        Path file = machine.statePath(snapshot.stateFile());
        if (file != null)
          names.putIfAbsent(
              file, "snapshot '%s' of machine '%s'".formatted(snapshot.name(), machine.name()));
      }
    }
    return names;
  }

  // ---- what is said

  static ModelException startRefused(Machine machine) {
    return Blockers.refusal(
        VBOX_E_INVALID_VM_STATE,
        List.of(new Blocker.SavedMemory(machine.id(), machine.name())),
        "machine '%s' is in state Saved, and its disks must stay as its saved memory knows them%s, or serve the disks read-only with --read-only",
        machine.name(),
        wayOut(machine));
  }

  /** How a machine leaves the state Saved. */
  static String wayOut(Machine machine) {
    return "; resume it in VirtualBox and shut it down, or discard the saved memory with: varve machine discard-state '%s'"
        .formatted(machine.name());
  }
}
