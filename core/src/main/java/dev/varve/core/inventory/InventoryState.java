package dev.varve.core.inventory;

import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_VM_STATE;
import static dev.varve.core.medium.ErrorCode.VBOX_E_OBJECT_NOT_FOUND;

import dev.varve.core.log.Amount;
import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumState;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.ModelException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Everything an inventory knows at one moment. Immutable; maps keep the order of registration.
 *
 * <p>Only what cannot be derived is kept: children follow from parents, and the users of a medium
 * follow from the machines, see {@link #uses}.
 *
 * @param halfMerged targets of merges that went down and have not ended: they show neither what
 *     they did nor what they will, until the merge is done again
 */
record InventoryState(
    Map<MachineId, MachineEntry> machines,
    Map<MediumId, Medium> media,
    List<MediumLock> locks,
    List<View.BadMachine> bad,
    Set<MediumId> halfMerged) {

  static final InventoryState EMPTY =
      new InventoryState(Map.of(), Map.of(), List.of(), List.of(), Set.of());

  InventoryState {
    machines = Collections.unmodifiableMap(new LinkedHashMap<>(machines));
    media = Collections.unmodifiableMap(new LinkedHashMap<>(media));
    locks = List.copyOf(locks);
    bad = List.copyOf(bad);
    halfMerged = Set.copyOf(halfMerged);
  }

  // ---- looking things up

  MachineEntry machine(MachineId id) {
    MachineEntry entry = machines.get(id);
    if (entry == null)
      throw new ModelException(
          VBOX_E_OBJECT_NOT_FOUND, "there is no machine %s; open its settings file".formatted(id));
    return entry;
  }

  Medium medium(MediumId id) {
    Medium medium = media.get(id);
    if (medium == null)
      throw new ModelException(
          VBOX_E_OBJECT_NOT_FOUND, "there is no medium %s; open its file".formatted(id));
    return medium;
  }

  /** The machine that a session holds. */
  MachineEntry held(String session) {
    for (MachineEntry entry : machines.values())
      for (Session held : entry.sessions()) if (held.id().equals(session)) return entry;
    throw new ModelException(
        VBOX_E_INVALID_VM_STATE,
        "there is no session '%s'; lock the machine and use the session that this gives"
            .formatted(session));
  }

  /** Whether the machine of a session is not on its way to another state; so without a session. */
  boolean isSettled(String session) {
    return machines.values().stream()
        .filter(entry -> entry.sessions().stream().anyMatch(held -> held.id().equals(session)))
        .noneMatch(entry -> entry.state().isTransient());
  }

  // ---- trees of media

  List<Medium> children(MediumId parent) {
    return media.values().stream().filter(m -> parent.equals(m.parent())).toList();
  }

  /** A medium, its parent, and so on to the base. */
  List<Medium> chain(MediumId top) {
    List<Medium> chain = new ArrayList<>();
    for (MediumId id = top; id != null; ) {
      Medium medium = medium(id);
      chain.add(medium);
      id = medium.parent();
    }
    return chain;
  }

  Medium base(MediumId medium) {
    return chain(medium).getLast();
  }

  /** How many steps a medium is from its base. */
  int depth(MediumId medium) {
    return chain(medium).size() - 1;
  }

  /** A medium, its children, and so on, parents first. */
  List<Medium> tree(MediumId root) {
    List<Medium> tree = new ArrayList<>(List.of(medium(root)));
    for (int i = 0; i < tree.size(); i++) tree.addAll(children(tree.get(i).id()));
    return tree;
  }

  // ---- who uses a medium

  /** Who uses a medium: per machine, whether its current state does, and which snapshots. */
  Map<MachineId, View.Use> uses(MediumId medium) {
    Map<MachineId, View.Use> uses = new LinkedHashMap<>();
    for (MachineEntry entry : machines.values()) {
      boolean current = entry.working().media().contains(medium);
      Set<SnapshotId> snapshots = new HashSet<>();
      for (Snapshot snapshot : entry.saved().snapshots())
        for (Attachment attachment : snapshot.hardware().attachments())
          if (medium.equals(attachment.medium())) snapshots.add(snapshot.id());
      if (current || !snapshots.isEmpty())
        uses.put(entry.id(), new View.Use(current, Set.copyOf(snapshots)));
    }
    return uses;
  }

  /** The machines whose current state uses a medium, also where its detaching is not saved yet. */
  List<MachineEntry> currentUsers(MediumId medium) {
    return machines.values().stream().filter(e -> e.working().media().contains(medium)).toList();
  }

  /** Neither a machine nor a snapshot uses it, and nothing builds on it. */
  boolean isOrphan(Medium medium) {
    return isUnused(medium) && children(medium.id()).isEmpty();
  }

  /**
   * Whether no machine and no snapshot uses a differencing image, nor anything that builds on it.
   */
  boolean isUnused(Medium medium) {
    return medium.isDifferencing()
        && tree(medium.id()).stream().allMatch(m -> uses(m.id()).isEmpty());
  }

  /** Whether attaching a medium puts a new differencing image on it. */
  boolean needsDifferencing(Medium medium) {
    return switch (medium.type()) {
      case IMMUTABLE, MULTI_ATTACH -> true;
      case WRITETHROUGH, SHAREABLE, READONLY -> false;
      case NORMAL ->
          !medium.isWritable()
              || !children(medium.id()).isEmpty()
              || uses(medium.id()).values().stream().anyMatch(use -> !use.snapshots().isEmpty());
    };
  }

  /** Whether new differencing images of a tree are emptied at every start. */
  boolean resetsAutomatically(MediumId parent) {
    return base(parent).type() == MediumType.IMMUTABLE;
  }

  /** Media that attaching made and no save has registered: known in this run only. */
  Set<MediumId> implicitMedia() {
    Set<MediumId> implicit = new HashSet<>();
    for (MachineEntry entry : machines.values()) implicit.addAll(entry.working().implicitMedia());
    return implicit;
  }

  // ---- locks

  MediumState state(Medium medium) {
    boolean read = false;
    for (MediumLock lock : locks) {
      if (!lock.medium().equals(medium.id())) continue;
      if (lock.write()) return MediumState.LOCKED_WRITE;
      read = true;
    }
    if (read) return MediumState.LOCKED_READ;
    if (!medium.isChecked()) return MediumState.NOT_CHECKED;
    return medium.accessError() == null ? MediumState.CREATED : MediumState.INACCESSIBLE;
  }

  List<MediumLock> locksOn(MediumId medium) {
    return locks.stream().filter(lock -> lock.medium().equals(medium)).toList();
  }

  /** The locks that are released together. */
  List<MediumLock> locksOf(String token) {
    return locks.stream().filter(lock -> lock.token().equals(token)).toList();
  }

  // ---- the same, changed

  InventoryState with(MachineEntry entry) {
    Map<MachineId, MachineEntry> now = new LinkedHashMap<>(machines);
    now.put(entry.id(), entry);
    return new InventoryState(now, media, locks, bad, halfMerged);
  }

  InventoryState without(MachineId machine) {
    Map<MachineId, MachineEntry> now = new LinkedHashMap<>(machines);
    now.remove(machine);
    return new InventoryState(now, media, locks, bad, halfMerged);
  }

  InventoryState with(Medium medium) {
    return withMedia(List.of(medium));
  }

  InventoryState withMedia(Collection<Medium> changed) {
    Map<MediumId, Medium> now = new LinkedHashMap<>(media);
    for (Medium medium : changed) now.put(medium.id(), medium);
    return new InventoryState(machines, now, locks, bad, halfMerged);
  }

  InventoryState withoutMedia(Collection<MediumId> gone) {
    Map<MediumId, Medium> now = new LinkedHashMap<>(media);
    gone.forEach(now::remove);
    Set<MediumId> left = new HashSet<>(halfMerged);
    left.removeAll(gone);
    return new InventoryState(machines, now, locks, bad, left);
  }

  /** With the media of another state. */
  InventoryState withMediaOf(InventoryState other) {
    Set<MediumId> left = new HashSet<>(halfMerged);
    left.retainAll(other.media.keySet());
    return new InventoryState(machines, other.media, locks, bad, left);
  }

  InventoryState withLocks(Collection<MediumLock> more) {
    List<MediumLock> now = new ArrayList<>(locks);
    now.addAll(more);
    return new InventoryState(machines, media, now, bad, halfMerged);
  }

  InventoryState withoutLocks(String token) {
    return new InventoryState(
        machines,
        media,
        locks.stream().filter(l -> !l.token().equals(token)).toList(),
        bad,
        halfMerged);
  }

  InventoryState withBad(List<View.BadMachine> bad) {
    return new InventoryState(machines, media, locks, bad, halfMerged);
  }

  InventoryState withHalfMerged(Collection<MediumId> more) {
    Set<MediumId> now = new HashSet<>(halfMerged);
    now.addAll(more);
    return new InventoryState(machines, media, locks, bad, now);
  }

  InventoryState withoutHalfMerged(MediumId whole) {
    Set<MediumId> now = new HashSet<>(halfMerged);
    now.remove(whole);
    return new InventoryState(machines, media, locks, bad, now);
  }

  /** With one medium in the place of another, in every machine's current state and snapshots. */
  InventoryState replacing(MediumId old, MediumId now) {
    UnaryOperator<Attachment> swap = a -> old.equals(a.medium()) ? a.withMedium(now) : a;
    Map<MachineId, MachineEntry> entries = new LinkedHashMap<>();
    for (MachineEntry entry : machines.values())
      entries.put(
          entry.id(),
          entry
              .with(AttachmentVisitor.map(entry.saved(), swap))
              .with(entry.working().replacing(old, now)));
    return new InventoryState(entries, media, locks, bad, halfMerged);
  }

  /** A removable image that is not registered leaves its drive empty. */
  Attachment present(Attachment attachment) {
    MediumId medium = attachment.medium();
    boolean gone = medium != null && !media.containsKey(medium);
    return gone && attachment.type().isRemovable() ? attachment.withMedium(null) : attachment;
  }

  /** For people: how many images build on a medium that has some, and the first of them. */
  String whatBuildsOn(Medium parent) {
    List<Medium> children = children(parent.id());
    String first = children.getFirst().name();
    return children.size() == 1
        ? "1 image builds on it, '%s'".formatted(first)
        : "%d images build on it, the first is '%s'".formatted(children.size(), first);
  }

  /** For people: machines, and their snapshots. */
  String users(Map<MachineId, View.Use> uses) {
    return String.join(
        ", ",
        uses.entrySet().stream()
            .map(
                e ->
                    "machine '%s' (%s%s)"
                        .formatted(
                            machine(e.getKey()).name(),
                            e.getValue().current() ? "its current state and " : "",
                            Amount.of(e.getValue().snapshots().size(), "snapshot")))
            .toList());
  }

  /** The machine's name where it is known, for messages. */
  static String names(Collection<MachineEntry> entries) {
    return String.join(", ", entries.stream().map(e -> "'" + e.name() + "'").toList());
  }

  @Nullable MachineEntry machineNamed(String name) {
    return machines.values().stream().filter(e -> e.name().equals(name)).findFirst().orElse(null);
  }
}
