package dev.varve.core.inventory;

import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.settings.MachineSettings;
import dev.varve.core.settings.MovedMedia;
import dev.varve.core.settings.StateFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * From settings files to the state that they describe, or the reason why one cannot be used. Any
 * thread; {@link #load} blocks.
 */
final class Loading {

  private Loading() {}

  /**
   * The state that a folder describes. Of a machine whose file cannot be used only the reason is
   * kept; its file is never written.
   */
  static InventoryState load(StateFolder folder) {
    Map<Path, MachineSettings> readable = new LinkedHashMap<>();
    Map<Path, String> bad = new LinkedHashMap<>();
    for (Path file : folder.contents().machines()) {
      try {
        readable.put(file, folder.read(file));
      } catch (IOException e) {
        bad.put(file, ModelErrors.why(file, e));
      }
    }
    InventoryState state = assemble(folder.contents().globalMedia(), readable, bad, folder.moved());
    // A machine may stand on media of one that turned out to be bad.
    for (int known = -1; known != bad.size(); ) {
      known = bad.size();
      state = assemble(folder.contents().globalMedia(), readable, bad, folder.moved());
      for (MachineEntry entry : state.machines().values()) {
        String why = problem(state, entry.saved());
        if (why != null) bad.put(entry.saved().settingsFile(), why);
      }
    }
    return state.withBad(
        bad.entrySet().stream()
            .map(e -> new View.BadMachine(e.getKey(), folder.machineOf(e.getKey()), e.getValue()))
            .toList());
  }

  private static InventoryState assemble(
      List<Medium> global,
      Map<Path, MachineSettings> readable,
      Map<Path, String> bad,
      MovedMedia moved) {
    InventoryState state = InventoryState.EMPTY.withMedia(unseen(global));
    Map<Path, MachineSettings> fitting = new LinkedHashMap<>();
    for (Map.Entry<Path, MachineSettings> e : readable.entrySet()) {
      if (bad.containsKey(e.getKey())) continue;
      String why = conflict(state, e.getValue(), fitting.values(), moved);
      if (why != null) {
        bad.put(e.getKey(), why);
        continue;
      }
      state = state.withMedia(listed(state, e.getValue(), moved));
      fitting.put(e.getKey(), e.getValue());
    }
    // Machines use each other's media: all of them are known now.
    for (MachineSettings settings : fitting.values()) state = joined(state, settings);
    return state;
  }

  /** The state with one more machine and its media. */
  static InventoryState add(InventoryState state, MachineSettings settings, MovedMedia moved) {
    String why = conflict(state, settings, List.of(), moved);
    if (why == null) {
      InventoryState now = joined(state.withMedia(listed(state, settings, moved)), settings);
      why = problem(now, now.machine(settings.machine().id()).saved());
      if (why == null) return now;
    }
    throw ModelErrors.of(
        ErrorCode.VBOX_E_XML_ERROR,
        "'%s' cannot be used: %s",
        settings.machine().settingsFile(),
        why);
  }

  /**
   * The state in which a machine that is known is what its file says now. What is known of media
   * files stays; sessions and a running machine go on, with the saved state as their working copy.
   *
   * @throws ModelException if the machine cannot be so beside what else there is
   */
  static InventoryState replace(
      InventoryState state, MachineEntry entry, MachineSettings settings, MovedMedia moved) {
    InventoryState alone = Registries.withoutListOf(state.without(entry.id()), entry.id());
    InventoryState read = add(alone, settings, moved);
    List<Medium> known = new ArrayList<>();
    for (Medium medium : read.media().values()) {
      Medium before = state.media().get(medium.id());
      if (before != null && isSameImage(medium, before))
        known.add(medium.withCapacity(before.capacity()).withAccessError(before.accessError()));
    }
    MachineEntry now = entry.with(read.machine(entry.id()).saved()).discarding();
    InventoryState next = state.with(now).withMediaOf(read.withMedia(known));
    String why = lost(next, entry.id());
    if (why == null) return next;
    throw ModelErrors.of(ErrorCode.VBOX_E_XML_ERROR, "%s", why);
  }

  private static boolean isSameImage(Medium medium, Medium before) {
    return medium.location().equals(before.location())
        && medium.format().equals(before.format())
        && Objects.equals(medium.parent(), before.parent());
  }

  /** What something other than a machine itself misses of its media; null for nothing. */
  private static @Nullable String lost(InventoryState state, MachineId machine) {
    for (MediumLock lock : state.locks())
      if (!state.media().containsKey(lock.medium()))
        return "it does not list medium %s any more, which %s uses"
            .formatted(lock.medium(), lock.holder());
    for (Medium medium : state.media().values())
      if (medium.parent() != null && !state.media().containsKey(medium.parent()))
        return "it does not list medium %s any more, on which '%s' builds"
            .formatted(medium.parent(), medium.name());
    for (MachineEntry other : state.machines().values()) {
      if (other.id().equals(machine)) continue;
      for (MediumId used : other.working().media())
        if (!state.media().containsKey(used))
          return "it does not list medium %s any more, which machine '%s' uses"
              .formatted(used, other.name());
      String why = problem(state, other.saved());
      if (why != null) return "machine '%s' cannot be used then: %s".formatted(other.name(), why);
    }
    return null;
  }

  /**
   * The media of a machine's registry; of those that are known already, only that it lists them.
   */
  private static List<Medium> listed(
      InventoryState state, MachineSettings settings, MovedMedia moved) {
    UUID machine = settings.machine().id().uuid();
    List<Medium> media = new ArrayList<>();
    for (Medium medium : unseen(settings.media())) {
      Medium known = state.media().get(medium.id());
      if (known == null) media.add(medium.withRegistries(Set.of(machine)));
      else if (moved.isLost(known) && !moved.isLost(medium))
        media.add(Registries.listed(keyed(known, medium).withLocation(medium.location()), machine));
      else media.add(Registries.listed(keyed(known, medium), machine));
    }
    return media;
  }

  /** A key that one of two files lists is a key. */
  private static Medium keyed(Medium known, Medium here) {
    if (known.hasKey() || !here.hasKey()) return known;
    Map<String, String> properties = new HashMap<>(here.properties());
    properties.putAll(known.properties());
    return known.withProperties(properties);
  }

  private static InventoryState joined(InventoryState state, MachineSettings settings) {
    return state.with(MachineEntry.of(AttachmentVisitor.map(settings.machine(), state::present)));
  }

  private static List<Medium> unseen(List<Medium> media) {
    return media.stream().map(m -> m.withAccessError(Medium.NOT_CHECKED)).toList();
  }

  // ---- what keeps a machine out

  /** Why a machine cannot be beside what is known already; null if it can. */
  private static @Nullable String conflict(
      InventoryState state,
      MachineSettings settings,
      Collection<MachineSettings> others,
      MovedMedia moved) {
    for (MachineSettings other : others)
      if (other.machine().id().equals(settings.machine().id()))
        return "machine %s is described by '%s' too"
            .formatted(settings.machine().id(), other.machine().settingsFile());
    if (state.machines().containsKey(settings.machine().id()))
      return "machine %s is registered already, from '%s'"
          .formatted(
              settings.machine().id(),
              state.machine(settings.machine().id()).saved().settingsFile());
    List<Machine> known = new ArrayList<>(others.stream().map(MachineSettings::machine).toList());
    for (MachineEntry entry : state.machines().values()) known.add(entry.saved());
    String taken = takenName(settings.machine(), known);
    if (taken != null) return taken;
    Map<UUID, Path> files = new HashMap<>();
    for (MachineSettings other : others)
      files.put(other.machine().id().uuid(), other.machine().settingsFile());
    for (MachineEntry entry : state.machines().values())
      files.put(entry.id().uuid(), entry.saved().settingsFile());
    Set<MediumId> here = new HashSet<>();
    for (Medium medium : settings.media()) {
      if (!here.add(medium.id())) return "medium %s is listed twice".formatted(medium.id());
      String why = Twins.conflict(state, medium, files, moved);
      if (why != null) return why;
      if (medium.parent() != null
          && !here.contains(medium.parent())
          && !state.media().containsKey(medium.parent()))
        return "'%s' builds on %s, which is not registered"
            .formatted(medium.name(), medium.parent());
    }
    return null;
  }

  /** Why a machine cannot have its name beside those that are known; null if it can. */
  static @Nullable String takenName(Machine machine, Collection<Machine> known) {
    for (Machine other : known)
      if (other.name().equals(machine.name()) && !other.id().equals(machine.id()))
        return ("the name '%s' is that of machine %s ('%s') too, and this one is %s; rename one of them:"
                + " in VirtualBox (VBoxManage modifyvm UUID --name NAME), or, where VirtualBox does not"
                + " know it, where its settings file has <Machine ... name=")
            .formatted(machine.name(), other.id(), other.settingsFile(), machine.id());
    return null;
  }

  /**
   * Which rule a machine's disks break beside all media that are known; null if none. What a
   * settings file can break by itself was refused when it was read, with the line.
   */
  private static @Nullable String problem(InventoryState state, Machine machine) {
    String why = problem(state, machine.hardware(), true);
    if (why != null) return why;
    for (Snapshot snapshot : machine.snapshots()) {
      why = problem(state, snapshot.hardware(), false);
      if (why != null) return "in snapshot '%s': %s".formatted(snapshot.name(), why);
    }
    return null;
  }

  private static @Nullable String problem(
      InventoryState state, Hardware hardware, boolean current) {
    for (Attachment attachment : hardware.attachments()) {
      if (attachment.type() != DeviceType.HARD_DISK) continue;
      Slot slot = attachment.slot();
      MediumId id = attachment.medium();
      assert id != null : slot; // the file was refused otherwise
      Medium medium = state.media().get(id);
      if (medium == null) return "the hard disk %s at %s is not registered".formatted(id, slot);
      boolean indirect =
          medium.type() == MediumType.IMMUTABLE || medium.type() == MediumType.MULTI_ATTACH;
      if (current && indirect)
        return "'%s' is of type %s and is attached without a differencing image"
            .formatted(medium.name(), medium.type().text());
      if (current && !state.children(id).isEmpty())
        return "'%s' at %s has differencing images, which would lose what they build on"
            .formatted(medium.name(), slot);
    }
    return null;
  }
}
