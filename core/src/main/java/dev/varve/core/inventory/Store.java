package dev.varve.core.inventory;

import dev.varve.core.journal.FileStep;
import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.ModelException;
import dev.varve.core.settings.ChangedOutsideException;
import dev.varve.core.settings.MachineSettings;
import dev.varve.core.settings.Reading;
import dev.varve.core.settings.StateFolder;
import dev.varve.core.settings.StateFolder.Change;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Brings changes of the inventory to disk, as a whole or not at all.
 *
 * <p>What is durable is the saved machines and the registered media. A medium that attaching made
 * is not, until it is saved: its file is there, and the journal has an {@link Unfinished} that
 * makes the next run delete the file, unless a save has registered it by then. What a kill leaves
 * of a reset the next run finds the same way.
 *
 * <p>Not thread-safe: the caller holds the lock of the inventory's state.
 */
final class Store implements AutoCloseable {

  private final StateFolder folder;
  private final Journaling journaling;
  private final ImageFiles images;
  private final Warnings warnings;
  private final Map<MediumId, Change> unsaved = new HashMap<>();
  private Durable written;

  /** What the store does to the state folder: changes it, or only notes what would change. */
  interface Journaling {
    Change begin(Map<Path, MediumId> creates, String unfinished) throws IOException;

    /** A settings file that is listed from now on. */
    MachineSettings read(Path settingsFile) throws IOException;

    void take(Reading reading);

    void forget(Unfinished unfinished);
  }

  /** Changes the folder. */
  private record RealJournaling(StateFolder folder) implements Journaling {
    @Override
    public Change begin(Map<Path, MediumId> creates, String unfinished) throws IOException {
      return folder.begin(creates, unfinished);
    }

    @Override
    public MachineSettings read(Path settingsFile) throws IOException {
      return folder.read(settingsFile);
    }

    @Override
    public void take(Reading reading) {
      folder.take(reading);
    }

    @Override
    public void forget(Unfinished unfinished) {
      folder.forget(unfinished.line());
    }
  }

  /**
   * What is on disk of a state.
   *
   * @param machines each with its registry
   */
  private record Durable(
      Map<MachineId, MachineSettings> machines, List<Path> files, List<Medium> globalMedia) {

    static Durable of(InventoryState state) {
      return new Durable(settings(state), settingsFiles(state), listed(null, durableMedia(state)));
    }
  }

  /**
   * @param read what the folder says
   */
  Store(StateFolder folder, ImageFiles images, Warnings warnings, InventoryState read) {
    this(folder, new RealJournaling(folder), images, warnings, Durable.of(read));
  }

  private Store(
      StateFolder folder,
      Journaling journaling,
      ImageFiles images,
      Warnings warnings,
      Durable written) {
    this.folder = folder;
    this.journaling = journaling;
    this.images = images;
    this.warnings = warnings;
    this.written = written;
  }

  /**
   * A store that knows what this one knows, and does what another journaling and other image files
   * do.
   *
   * @param unsaved what ends the work of an image that no save has registered
   */
  Store over(
      Journaling other, ImageFiles otherImages, Warnings otherWarnings, Supplier<Change> unsaved) {
    var copy = new Store(folder, other, otherImages, otherWarnings, written);
    for (MediumId id : this.unsaved.keySet()) copy.unsaved.put(id, unsaved.get());
    return copy;
  }

  StateFolder folder() {
    return folder;
  }

  // ---- changes

  /** Runs a decision, at a moment of its choosing, once. */
  interface Moment {
    void run(RunningDisks.Decision decision) throws IOException;
  }

  /**
   * Makes a state durable.
   *
   * @param diffs files that are made before
   * @param steps what is done with files after
   * @param moment says when it is decided
   */
  void commit(InventoryState after, List<NewDiff> diffs, List<FileStep> steps, Moment moment) {
    Durable next = Durable.of(after);
    if (diffs.isEmpty() && steps.isEmpty() && next.equals(written)) return;
    checkCurrent(changed(next));
    Change change = begin(NewDiff.files(diffs), null);
    try {
      for (NewDiff diff : diffs) diff.create(images);
      Ready ready = prepare(change, after, steps);
      moment.run(ready::decide);
      ready.carryOut();
    } catch (IOException | RuntimeException e) {
      change.rollBack();
      throw refusal(diffs.isEmpty() ? ErrorCode.VBOX_E_FILE_ERROR : ErrorCode.E_FAIL, e);
    }
  }

  /** Makes a base image and its registration durable. */
  void createBase(InventoryState after, Medium medium) {
    checkCurrent(changed(Durable.of(after)));
    Change change = begin(Map.of(medium.location(), medium.id()), null);
    try {
      images.create(
          medium.location(),
          medium.id(),
          medium.format(),
          medium.variant(),
          medium.capacity(),
          change::makes);
      Ready ready = prepare(change, after, List.of());
      ready.decide();
      ready.carryOut();
    } catch (IllegalArgumentException e) {
      change.rollBack();
      throw new ModelException(ErrorCode.E_INVALIDARG, String.valueOf(e.getMessage()), e);
    } catch (IOException | RuntimeException e) {
      change.rollBack();
      throw refusal(ErrorCode.VBOX_E_FILE_ERROR, e);
    }
  }

  private static RuntimeException refusal(ErrorCode code, Exception e) {
    if (e instanceof IOException io) return ModelErrors.of(code, "the change was not made", io);
    return (RuntimeException) e;
  }

  /**
   * @param unfinished what the next run finishes if this one is killed before the change is decided
   *     or rolled back; null if there is nothing
   */
  Change begin(Map<Path, MediumId> creates, @Nullable Unfinished unfinished) {
    try {
      return journaling.begin(creates, unfinished == null ? "" : unfinished.line());
    } catch (FileAlreadyExistsException e) {
      throw ModelErrors.of(ErrorCode.VBOX_E_FILE_ERROR, "the change was not made", e);
    } catch (IOException e) {
      throw ModelErrors.of(ErrorCode.VBOX_E_FILE_ERROR, "the journal cannot be written", e);
    }
  }

  /**
   * Prepares a change that was begun before. Written is whatever differs from what is on disk, not
   * only what the change is about: attaching moves media between registries without writing them.
   */
  Ready prepare(Change change, InventoryState after, List<FileStep> steps) throws IOException {
    Durable next = Durable.of(after);
    List<MachineSettings> changed = changed(next);
    checkCurrent(changed);
    try {
      return new Ready(change.prepare(changed, next.files(), next.globalMedia(), steps), next);
    } catch (ChangedOutsideException e) {
      if (e.file().equals(folder.listFile())) lookAtList();
      throw e;
    }
  }

  /** Warns of a list of machines that another program has changed, as long as it is so. */
  void lookAtList() {
    String list = folder.listFile().toString();
    if (folder.isListAsSeen()) warnings.clear(Warnings.Kind.CHANGED_OUTSIDE, list);
    else
      warnings.raise(
          Warnings.Kind.CHANGED_OUTSIDE,
          list,
          "another program has changed '%s', the list of machines, while Varve uses it; Varve does not write over it. Bring it back as it was, or stop Varve and start it again, which reads it"
              .formatted(list));
  }

  private List<MachineSettings> changed(Durable next) {
    return next.machines().entrySet().stream()
        .filter(e -> !e.getValue().equals(written.machines().get(e.getKey())))
        .map(Map.Entry::getValue)
        .toList();
  }

  /**
   * Whether the settings files that are written are as they were last read.
   *
   * @throws OutdatedException if another program has changed one
   */
  private void checkCurrent(List<MachineSettings> saved) {
    for (MachineSettings settings : saved) checkCurrent(settings.machine());
  }

  private void checkCurrent(Machine machine) {
    try {
      if (folder.changed(machine.settingsFile()) == null) return;
    } catch (IOException e) {
      // The read that follows says why.
    }
    throw new OutdatedException(machine.id());
  }

  /** The same of all machines that list one of some media, which are going to change. */
  void checkCurrent(InventoryState state, Collection<MediumId> media) {
    for (MachineEntry entry : state.machines().values())
      for (MediumId id : media)
        if (state.medium(id).registries().contains(entry.id().uuid())) {
          checkCurrent(entry.saved());
          break;
        }
  }

  /** Reads the settings file of a machine that is going to be listed. */
  MachineSettings read(Path settingsFile) throws IOException {
    return journaling.read(settingsFile);
  }

  /** A machine is what a reading of its file says. */
  void take(Reading reading, InventoryState state) {
    journaling.take(reading);
    keep(state, reading.settings().machine().id());
  }

  /** What a state says of a machine is what its file says. */
  void keep(InventoryState state, MachineId machine) {
    Map<MachineId, MachineSettings> machines = new LinkedHashMap<>(written.machines());
    MachineSettings settings = Durable.of(state).machines().get(machine);
    if (settings != null) machines.put(machine, settings);
    written = new Durable(machines, written.files(), written.globalMedia());
  }

  /** A change of which everything slow is done before its decision, or after. */
  final class Ready {
    private final StateFolder.Prepared prepared;
    private final Durable next;

    private Ready(StateFolder.Prepared prepared, Durable next) {
      this.prepared = prepared;
      this.next = next;
    }

    /** When this returns, the change is durable and cannot be given up. */
    void decide() throws IOException {
      prepared.decide();
      written = next;
    }

    /** Does what the decision leaves to do; the folder tries again what fails. */
    void carryOut() {
      prepared.carryOut();
    }
  }

  // ---- what is emptied

  /** Resets an image. What a kill leaves of the new one, the next run deletes. */
  void reset(Medium medium) throws IOException {
    Change change = beginReset(medium);
    try {
      images.reset(medium.location());
    } catch (IOException | RuntimeException e) {
      change.rollBack();
      throw e;
    }
    change.rollBack();
  }

  /** Notes that an image is about to be reset, which happens without the inventory's lock. */
  Change beginReset(Medium medium) throws IOException {
    return journaling.begin(Map.of(), new Unfinished.Reset(medium.location()).line());
  }

  /** Does what {@link #reset} leaves to the next run. */
  void finish(Unfinished.Reset reset) {
    images.sweep(reset.file());
    forget(reset);
  }

  /** Does what a killed import leaves to the next run; the images that it made are gone. */
  void finish(Unfinished.Import made) {
    folder.removeFolder(made.folder());
    forget(made);
  }

  // ---- what attaching made and no save has registered

  /** Makes the file of a medium that is thrown away unless it is saved. */
  void createImplicit(NewDiff diff) {
    Medium medium = diff.medium();
    Change change = begin(Map.of(), new Unfinished.Implicit(medium.id(), medium.location()));
    try {
      diff.create(images);
      unsaved.put(medium.id(), change);
    } catch (IOException e) {
      change.rollBack();
      throw ModelErrors.of(
          ErrorCode.E_FAIL, "the differencing image '%s' was not made".formatted(medium.name()), e);
    }
  }

  /** They are saved now. */
  void keepImplicit(Collection<MediumId> media) {
    for (MediumId id : media) {
      Change change = unsaved.remove(id);
      if (change != null) change.rollBack();
    }
  }

  /** Deletes their files; one that cannot be deleted now is deleted later. */
  void deleteImplicit(Collection<Medium> media) {
    for (Medium medium : media) {
      Change change = unsaved.remove(medium.id());
      if (change != null) change.rollBack(medium.location(), medium.id());
    }
  }

  /**
   * Does what {@link #createImplicit} leaves to the next run. A machine whose settings file cannot
   * be read may have saved the medium: then that is left to a later run.
   */
  void finish(Unfinished.Implicit made, InventoryState state) {
    if (!state.bad().isEmpty()) return;
    if (state.media().containsKey(made.medium())) forget(made);
    else folder.forget(made.line(), made.file(), made.medium());
  }

  /** What runs before this one left unfinished, the oldest first. */
  List<Unfinished> unfinished() {
    return folder.contents().unfinished().stream().map(Unfinished::of).toList();
  }

  /** Ends what a run before this one left unfinished. */
  void forget(Unfinished unfinished) {
    journaling.forget(unfinished);
  }

  // ---- what is durable of a state

  private static Map<MachineId, MachineSettings> settings(InventoryState state) {
    Map<MediumId, Medium> durable = durableMedia(state);
    Map<MachineId, MachineSettings> settings = new LinkedHashMap<>();
    for (MachineEntry entry : state.machines().values()) {
      List<Medium> media = new ArrayList<>(hostDrives(state, entry.saved()));
      media.addAll(listed(entry.id().uuid(), durable));
      settings.put(entry.id(), new MachineSettings(entry.saved(), media));
    }
    return settings;
  }

  /** The drives of the host that a machine or its snapshots name, each once. */
  private static Set<Medium> hostDrives(InventoryState state, Machine machine) {
    List<Attachment> attachments = new ArrayList<>(machine.hardware().attachments());
    for (Snapshot snapshot : machine.snapshots())
      attachments.addAll(snapshot.hardware().attachments());
    Set<Medium> drives = new LinkedHashSet<>();
    for (Attachment attachment : attachments) {
      Medium medium = attachment.medium() == null ? null : state.media().get(attachment.medium());
      if (medium != null && medium.isHostDrive())
        drives.add(
            medium
                .withAccessError(null)
                .withCapacity(0) // its disc changes
                .withRegistries(Set.of()));
    }
    return drives;
  }

  /** Which others list a medium too makes no difference to a file. */
  private static List<Medium> listed(@Nullable UUID registry, Map<MediumId, Medium> durable) {
    return Registries.of(registry, durable).stream()
        .map(medium -> medium.withRegistries(Set.of()))
        .toList();
  }

  /** A medium as files list it: what was found out by looking at its image is not in them. */
  private static Medium described(Medium medium) {
    return medium
        .withAccessError(null)
        .withCapacity(0)
        .withVariant(medium.isDifferencing() ? MediumVariant.DIFFERENCING : MediumVariant.STANDARD);
  }

  /** Parents before their children. */
  private static Map<MediumId, Medium> durableMedia(InventoryState state) {
    Set<MediumId> implicit = state.implicitMedia();
    Map<MediumId, List<Medium>> children = new HashMap<>();
    List<Medium> ordered = new ArrayList<>();
    for (Medium medium : state.media().values()) {
      if (implicit.contains(medium.id()) || medium.isHostDrive()) continue;
      Medium durable = described(medium);
      if (medium.parent() == null) ordered.add(durable);
      else children.computeIfAbsent(medium.parent(), _ -> new ArrayList<>()).add(durable);
    }
    for (int i = 0; i < ordered.size(); i++)
      ordered.addAll(children.getOrDefault(ordered.get(i).id(), List.of()));
    assert new HashSet<>(ordered).size()
        == state.media().values().stream()
            .filter(medium -> !implicit.contains(medium.id()) && !medium.isHostDrive())
            .count();
    Map<MediumId, Medium> durable = new LinkedHashMap<>();
    for (Medium medium : ordered) durable.put(medium.id(), medium);
    return durable;
  }

  private static List<Path> settingsFiles(InventoryState state) {
    List<Path> files = new ArrayList<>();
    for (MachineEntry entry : state.machines().values()) files.add(entry.saved().settingsFile());
    for (View.BadMachine bad : state.bad()) files.add(bad.settingsFile());
    return files;
  }

  @Override
  public void close() throws IOException {
    folder.close();
  }
}
