package dev.varve.core.inventory;

import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.LockType;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineState;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumState;
import dev.varve.core.medium.UuidText;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Everything that can be seen of an inventory at one moment. Immutable. */
public record View(
    Map<MachineId, MachineView> machines, Map<MediumId, MediumView> media, List<BadMachine> bad) {

  /**
   * The machines that a text means: the one with this uuid, or those of this name. A text in the
   * form of a uuid is no name: a machine could be named like another one that is gone, and be taken
   * for it.
   */
  public List<MachineView> machines(String uuidOrName) {
    UUID id = UuidText.parse(uuidOrName);
    if (id == null)
      return machines.values().stream()
          .filter(machine -> machine.saved().name().equals(uuidOrName))
          .toList();
    MachineView machine = machines.get(new MachineId(id));
    return machine == null ? List.of() : List.of(machine);
  }

  /** A medium, its parent, and so on to the base; ends early where one is not listed. */
  public List<Medium> chain(MediumId top) {
    List<Medium> chain = new ArrayList<>();
    for (MediumView at = media.get(top); at != null; ) {
      chain.add(at.medium());
      MediumId parent = at.medium().parent();
      at = parent == null ? null : media.get(parent);
    }
    return chain;
  }

  /**
   * The differencing images that neither a machine nor a snapshot uses, nor anything that builds on
   * them: children before their parents, so that they can be deleted in this order.
   */
  public List<MediumView> unused() {
    Set<MediumId> used = new HashSet<>();
    for (MediumView medium : media.values())
      if (!medium.uses().isEmpty())
        for (Medium below : chain(medium.medium().id())) used.add(below.id());
    return media.values().stream()
        .filter(m -> m.medium().isDifferencing() && !used.contains(m.medium().id()))
        .sorted(Comparator.comparingInt(m -> -chain(m.medium().id()).size()))
        .toList();
  }

  /**
   * The images of a machine's hard disks: each disk's whole tree, from its base to leftovers that
   * nothing uses any more, and what else is listed in its settings file. Parents before their
   * children.
   */
  public List<MediumView> images(MachineId machine) {
    Set<MediumId> roots = new LinkedHashSet<>();
    for (MediumView medium : media.values()) {
      boolean ours =
          medium.uses().containsKey(machine)
              || medium.medium().registries().contains(machine.uuid());
      if (ours && medium.medium().device() == DeviceType.HARD_DISK)
        roots.add(chain(medium.medium().id()).getLast().id());
    }
    List<MediumView> images = new ArrayList<>();
    for (MediumId root : roots) addTree(root, images);
    return images;
  }

  private void addTree(MediumId root, List<MediumView> images) {
    MediumView medium = media.get(root);
    if (medium == null) return;
    images.add(medium);
    for (MediumId child : medium.children()) addTree(child, images);
  }

  /** Whether no machine and no snapshot uses a medium, nor anything that builds on it. */
  public boolean isUnused(MediumId id) {
    List<MediumView> tree = new ArrayList<>();
    addTree(id, tree);
    return tree.stream().allMatch(medium -> medium.uses().isEmpty());
  }

  /**
   * A machine.
   *
   * @param saved as it was last saved
   * @param working its storage as the session that holds it sees it; the saved one if none does
   * @param modified whether a session has changes that are not saved
   * @param lock how it is held; null if it is free
   * @param run how it runs; null while it does not
   * @param encrypted whether one of the hard disks of its saved current state is
   * @param sessions those that hold it; the others joined the first
   */
  public record MachineView(
      Machine saved,
      Hardware working,
      boolean modified,
      MachineState state,
      @Nullable LockType lock,
      @Nullable Run run,
      boolean encrypted,
      List<Session> sessions) {}

  /**
   * A medium.
   *
   * @param encrypted whether VirtualBox has encrypted it, or what it builds on
   * @param needsDifferencing whether attaching it would be indirect
   * @param uses by machine; "attached to n machines" means n entries
   * @param holders of locks on it, for people
   */
  public record MediumView(
      Medium medium,
      MediumState state,
      boolean encrypted,
      boolean needsDifferencing,
      List<MediumId> children,
      Map<MachineId, Use> uses,
      List<String> holders) {}

  /**
   * What uses a medium in one machine.
   *
   * @param current whether the current state does, or did when it was last saved
   */
  public record Use(boolean current, Set<SnapshotId> snapshots) {}

  /**
   * A listed machine whose settings file cannot be used, and why.
   *
   * @param id as the list has it; null if it does not say
   */
  public record BadMachine(Path settingsFile, @Nullable MachineId id, String why) {}
}
