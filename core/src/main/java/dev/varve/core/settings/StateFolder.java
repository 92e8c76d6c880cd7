package dev.varve.core.settings;

import dev.varve.core.journal.Changes;
import dev.varve.core.journal.DurableFile;
import dev.varve.core.journal.FileStep;
import dev.varve.core.journal.Fingerprint;
import dev.varve.core.journal.HostFiles;
import dev.varve.core.journal.ImageUse;
import dev.varve.core.journal.IntendedChange;
import dev.varve.core.journal.Kept;
import dev.varve.core.journal.NewContents;
import dev.varve.core.journal.Troubles;
import dev.varve.core.journal.UndecidedException;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineParts;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.FileIdentity;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.Ownership;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The folder in which Varve keeps what it knows between two runs: the list of machines, the global
 * media registry, and the journal. Machines that Varve creates have their folders in it; others are
 * listed by their settings files.
 *
 * <pre>
 * varve.xml               machines and global media
 * journal/NUMBER.change   a change under way
 * machines/NAME/NAME.vbox machines that Varve made
 * lock                    held while the folder is open
 * </pre>
 *
 * <p>A {@link Change} of several files happens as a whole or not at all, also if the process is
 * killed in the middle: opening the folder finishes or undoes what it finds half done. Several
 * changes may be begun at a time. Called by one thread at a time; everything may block.
 */
public final class StateFolder implements AutoCloseable {

  /**
   * What opening the folder found.
   *
   * @param machines the settings files of the listed machines
   * @param globalMedia the media of no machine's registry, parents first
   * @param unfinished what {@link Change#begin} was given of changes that neither were committed
   *     nor rolled back: the work that they name is still to do
   */
  public record Contents(List<Path> machines, List<Medium> globalMedia, List<String> unfinished) {}

  /** Several files that change together. */
  public interface Change {

    /**
     * Notes which file it is that will have the name of an image that holds no id, or of an extent:
     * {@link #rollBack} deletes that one, also after a crash, unless it was written since.
     */
    void makes(Path image, FileIdentity file) throws IOException;

    /**
     * Says what the settings file of a new machine holds beside its storage; without this it holds
     * what is usual.
     */
    void furnish(Path settingsFile, MachineParts parts);

    /**
     * Writes what the change comes to beside the files that it replaces, so that trouble shows now
     * and little is left for {@link Prepared#decide}.
     *
     * @param saved machines whose settings files are replaced (the previous one is kept as {@code
     *     NAME.vbox-prev}); a file that says the same already is left alone
     * @param machines the list of machines from now on
     * @param globalMedia the global registry from now on
     * @param steps in this order, after the settings
     * @throws IOException nothing has changed; the change can be rolled back, or prepared again
     */
    Prepared prepare(
        List<MachineSettings> saved,
        List<Path> machines,
        List<Medium> globalMedia,
        List<FileStep> steps)
        throws IOException;

    /** Gives up: deletes the files that were created, or tries again until they are deleted. */
    void rollBack();

    /** The same, and deletes an image that was made meanwhile. */
    void rollBack(Path made, MediumId id);

    /**
     * Ends for now: a change that is begun with the same line goes on with it, in this run or a
     * later one.
     */
    void postpone();
  }

  /** A change that only has to be decided. Nothing else may be begun before it is, or given up. */
  public interface Prepared {

    /**
     * Decides: when this returns, the change happens, whatever comes. Takes no longer than two
     * syncs of the disk.
     *
     * @throws UndecidedException if it is unknown whether it happens; it is taken back as soon as
     *     the disk works again
     * @throws IOException any other: nothing has changed; the change can be rolled back, or
     *     prepared again
     */
    void decide() throws IOException;

    /**
     * Puts the new contents in place, carries out the steps, and ends the change. What fails is
     * told to the {@link Troubles} and tried again by {@link StateFolder#retry}; after a crash in
     * the middle the next {@link StateFolder#open} does the rest.
     */
    void carryOut();
  }

  private static final String MACHINES = "machines";

  private final Path folder;
  private final ImageFiles images;
  private final Changes changes;
  private final MachineFiles files;
  private final OwnedMachines owned;
  private List<Path> machines = List.of();
  private List<Medium> globalMedia = List.of();
  private Fingerprint seenList = Fingerprint.NO_FILE;

  private StateFolder(Path folder, ImageFiles images, HostFiles hostFiles, Troubles troubles)
      throws IOException {
    this.folder = folder;
    this.images = images;
    this.changes = Changes.lock(folder, images, troubles, new ImagesInUse(), hostFiles);
    this.files = new MachineFiles(changes, images, () -> machines, () -> globalMedia);
    this.owned = new OwnedMachines(folder);
  }

  /**
   * Opens the folder, makes it if it is missing, for its owner only, locks it against other
   * processes, and finishes or undoes what a crash left half done, as far as that is possible now.
   *
   * @throws SettingsException if the list of machines is damaged; nothing is changed
   * @throws IOException if another process has it, or it cannot be read or made
   */
  public static StateFolder open(Path folder, ImageFiles images) throws IOException {
    return open(folder, images, Troubles.UNHEARD, HostFiles.REAL);
  }

  /**
   * The same.
   *
   * @param troubles hears what cannot be finished or undone yet, and whether the folder cannot be
   *     written
   * @param hostFiles how files are changed
   */
  public static StateFolder open(
      Path folder, ImageFiles images, Troubles troubles, HostFiles hostFiles) throws IOException {
    var opened = new StateFolder(folder.toAbsolutePath().normalize(), images, hostFiles, troubles);
    try {
      opened.changes.read();
      opened.load();
      opened.changes.recover();
      opened.sweep();
      opened.look();
      return opened;
    } catch (Throwable e) {
      opened.changes.close();
      throw e;
    }
  }

  private Path globalPath() {
    return folder.resolve(GlobalFile.NAME);
  }

  private void load() throws IOException {
    byte @Nullable [] contents = contents(globalPath());
    if (contents == null) {
      Path previous = folder.resolve(GlobalFile.NAME + DurableFile.PREVIOUS);
      if (Files.exists(previous))
        throw new SettingsException(
            "%s is missing, but its previous version is there; copy %s to it"
                .formatted(globalPath(), previous.getFileName()));
      return;
    }
    GlobalFile file = GlobalFile.of(globalPath(), contents);
    machines = file.machines();
    globalMedia = file.media();
    seenList = Fingerprint.of(contents);
    files.ids().putAll(file.ids());
  }

  /**
   * What a file of settings holds, or will hold when what is decided has been done; null if there
   * is no file.
   */
  private byte @Nullable [] contents(Path file) throws IOException {
    NewContents waiting = changes.waiting(file);
    return waiting == null ? SettingsFile.bytes(file) : waiting.bytes();
  }

  /** What the journal asks about images. */
  private final class ImagesInUse implements ImageUse {

    @Override
    public boolean isUsed(Path image) {
      return isAny(medium -> medium.location().equals(image));
    }

    /** The files of an image lie in one folder. */
    @Override
    public boolean isPartOfUsed(Path file) {
      Path folder = file.getParent();
      return isAny(
          medium ->
              Objects.equals(folder, medium.location().getParent())
                  && images.files(medium.location(), medium.format()).contains(file));
    }

    private boolean isAny(Predicate<Medium> medium) {
      return globalMedia.stream().anyMatch(medium)
          || machines.stream()
              .flatMap(machine -> files.registry(machine).stream())
              .anyMatch(medium);
    }

    @Override
    public Set<Path> named(Path file) throws IOException {
      return MachineFile.read(file).registry().stream()
          .map(Medium::location)
          .collect(Collectors.toSet());
    }
  }

  /** Deletes what a crash left of settings files that were being written. */
  private void sweep() {
    List<Path> all = new ArrayList<>(machines);
    all.add(globalPath());
    changes.sweep(all);
  }

  /** Does what is decided or given up and not done yet, as far as that is possible now. */
  public void retry() {
    changes.retry();
  }

  /** Whether there is anything to {@link #retry}; any thread. */
  public boolean isAnythingLeft() {
    return changes.isAnythingLeft();
  }

  /** Looks whether the folder can be written, and tells the {@link Troubles}; any thread. */
  public void look() {
    changes.look();
  }

  /** What the folder holds now; of no change that is under way. */
  public Contents contents() {
    return new Contents(machines, globalMedia, changes.unfinished());
  }

  /** What is kept beside the folder's own file and those of the listed machines. */
  public List<Kept> kept() {
    List<Kept> kept = new ArrayList<>(Kept.beside(globalPath()));
    for (Path machine : machines) kept.addAll(Kept.beside(machine));
    return kept;
  }

  /** The machine of a listed settings file, also of one that cannot be read; null if not known. */
  public @Nullable MachineId machineOf(Path settingsFile) {
    return files.ids().get(settingsFile);
  }

  /**
   * Reads a machine's settings file. Its devices may use media of its own registry, the global one,
   * and those of the listed machines. From then on the machine is this server's alone, until it is
   * listed no more or {@link #releaseUnlisted} is called.
   *
   * @throws SettingsException if another server has the machine, if it is missing or damaged, is of
   *     an unknown version, or breaks a rule of the model; nothing is changed
   */
  public MachineSettings read(Path settingsFile) throws IOException {
    changes.retry();
    Path file = settingsFile.toAbsolutePath().normalize();
    if (Files.isRegularFile(file)) owned.own(file); // of anything else it is said what it is
    return files.take(files.read(file));
  }

  /** What a machine's settings file says beside its storage. */
  public MachineParts parts(Path settingsFile, @Nullable SnapshotId snapshot) throws IOException {
    return files.parts(settingsFile.normalize(), snapshot);
  }

  /** Forgets the machines that were read and are not listed, and lets other servers have them. */
  public void releaseUnlisted() {
    owned.retain(machines);
    files.forgetUnlisted();
  }

  /** What a user should know of a settings file that was read, a line each. */
  public List<String> remarks(Path settingsFile) {
    return files.remarks(settingsFile);
  }

  /** The media that settings files name in places where they are not. */
  public MovedMedia moved() {
    return files.moved();
  }

  // ---- what other programs write

  /**
   * Whether a machine's settings file holds what was last read from it, or decided for it. Any
   * thread; false also if the file cannot be read.
   */
  public boolean isAsSeen(Path settingsFile) {
    return files.isAsSeen(settingsFile.normalize());
  }

  /**
   * What a machine's settings file says now.
   *
   * @return null if no other program has written it since it was last read or written here
   * @throws SettingsException if one has deleted it, or made of it what cannot be used
   */
  public @Nullable Reading changed(Path settingsFile) throws IOException {
    return files.changed(settingsFile.normalize());
  }

  /** From now on the file is known to say this; only then it may be written over. */
  public void take(Reading reading) {
    files.take(reading);
  }

  /** Whether the list of machines is as it was last read or written here. */
  public boolean isListAsSeen() {
    try {
      return isListOurs(Fingerprint.of(globalPath()));
    } catch (IOException e) {
      return false;
    }
  }

  /** The file that holds the list of machines and the global media. */
  public Path listFile() {
    return globalPath();
  }

  // ---- changes

  /** The folder that holds those of new machines; made if it is missing. */
  public Path machinesFolder() throws IOException {
    Path all = folder.resolve(MACHINES);
    DurableFile.createFolders(all);
    return all;
  }

  /** Where the settings file of a new machine of this name goes; there is nothing yet. */
  public Path newMachineFile(MachineId id, String name) {
    Path all = folder.resolve(MACHINES);
    String plain = FileName.of(name, id.toString());
    Path own = all.resolve(plain);
    if (Files.exists(own)) own = all.resolve(plain + " " + id);
    return own.resolve(plain + ".vbox");
  }

  /**
   * Makes the folder of a new machine, and those above it.
   *
   * @throws FileAlreadyExistsException if there is one
   */
  public void makeFolderOf(Path newMachineFile) throws IOException {
    Path own = Objects.requireNonNull(newMachineFile.getParent());
    Path all = Objects.requireNonNull(own.getParent());
    DurableFile.createFolders(all);
    if (Files.exists(own, LinkOption.NOFOLLOW_LINKS))
      throw new FileAlreadyExistsException(
          own.toString(), null, "there is such a folder already; choose another name");
    Ownership.createFolder(own);
    DurableFile.forceFolder(all);
  }

  /** Removes the folder that was made for a machine that is none, if nothing is in it. */
  public void removeFolder(Path made) {
    try {
      if (Files.isDirectory(made, LinkOption.NOFOLLOW_LINKS)) Files.delete(made);
    } catch (IOException _) {
      // Something is in it, which is not Varve's to delete; an empty folder does no harm.
    }
  }

  /**
   * Begins a change.
   *
   * @param creates image files that will be made for it, with the ids that they will hold; deleted
   *     if it is not committed, but for one that holds another id or none
   * @param unfinished a line that {@link Contents#unfinished} gives back if the process is killed
   *     before it is committed or rolled back; empty if there is nothing to do again. A line that
   *     was given back is given back at every opening until a change is begun with it
   * @throws FileAlreadyExistsException if one of {@code creates} is there already, or is made by
   *     another change
   */
  public Change begin(Map<Path, MediumId> creates, String unfinished) throws IOException {
    return new OneChange(changes.begin(creates, unfinished));
  }

  /** Ends what an earlier run left unfinished, and {@link Contents#unfinished} says. */
  public void forget(String unfinished) {
    changes.forget(unfinished);
  }

  /** The same, and deletes the image that was made for it. */
  public void forget(String unfinished, Path made, MediumId id) {
    changes.forget(unfinished, made, id);
  }

  private final class OneChange implements Change {
    private final IntendedChange intended;
    private final Map<Path, MachineParts> parts = new HashMap<>();

    OneChange(IntendedChange intended) {
      this.intended = intended;
    }

    @Override
    public void makes(Path image, FileIdentity file) throws IOException {
      intended.makes(image, file);
    }

    @Override
    public void furnish(Path settingsFile, MachineParts machine) {
      parts.put(settingsFile.normalize(), machine);
    }

    @Override
    public Prepared prepare(
        List<MachineSettings> saved,
        List<Path> newMachines,
        List<Medium> newGlobalMedia,
        List<FileStep> steps)
        throws IOException {
      intended.check();
      changes.retry();
      List<Path> listed = absolute(newMachines);
      Map<Path, MachineId> savedIds = new HashMap<>(files.ids());
      List<NewContents> replaced = replaced(saved, listed, newGlobalMedia, parts, savedIds);
      intended.prepare(replaced, steps);
      return new Prepared() {
        @Override
        public void decide() throws IOException {
          intended.check();
          // As late as can be: until here a writer makes us begin again, afterwards both are kept.
          for (NewContents file : replaced) checkOurs(file.path(), file.before());
          intended.decide();
          machines = listed;
          ownListed();
          globalMedia = List.copyOf(newGlobalMedia);
          files.ids().putAll(savedIds);
          for (NewContents file : replaced)
            if (file.path().equals(globalPath())) seenList = Fingerprint.of(file.bytes());
            else files.decided(file);
        }

        @Override
        public void carryOut() {
          changes.retry();
        }
      };
    }

    @Override
    public void rollBack() {
      intended.rollBack();
    }

    @Override
    public void rollBack(Path made, MediumId id) {
      intended.rollBack(made, id);
    }

    @Override
    public void postpone() {
      intended.postpone();
    }
  }

  /**
   * The settings files that a change to these would replace, with what they would hold; nothing
   * changes.
   *
   * @throws IOException as {@link Change#prepare}
   */
  public List<NewContents> wouldReplace(
      List<MachineSettings> saved, List<Path> machines, List<Medium> globalMedia)
      throws IOException {
    return replaced(saved, absolute(machines), globalMedia, Map.of(), new HashMap<>(files.ids()));
  }

  /**
   * Looks whether a change can begin that makes these files.
   *
   * @throws FileAlreadyExistsException as {@link #begin}
   */
  public void checkFree(Collection<Path> creates) throws FileAlreadyExistsException {
    for (Path file : creates) changes.checkFree(file);
  }

  private static List<Path> absolute(List<Path> paths) {
    return paths.stream().map(path -> path.toAbsolutePath().normalize()).toList();
  }

  /** What differs from the files as they are. */
  private List<NewContents> replaced(
      List<MachineSettings> saved,
      List<Path> listed,
      List<Medium> media,
      Map<Path, MachineParts> parts,
      Map<Path, MachineId> savedIds)
      throws IOException {
    List<NewContents> replaced = new ArrayList<>();
    for (MachineSettings settings : saved) addMachine(settings, parts, replaced, savedIds);
    addGlobal(listed, media, savedIds, replaced);
    return replaced;
  }

  private void addMachine(
      MachineSettings settings,
      Map<Path, MachineParts> parts,
      List<NewContents> replaced,
      Map<Path, MachineId> knownIds)
      throws IOException {
    Path path = settings.machine().settingsFile().normalize();
    MachineId id = settings.machine().id();
    byte @Nullable [] present = SettingsFile.bytes(path);
    NewContents waiting = changes.waiting(path);
    byte @Nullable [] now = waiting == null ? present : waiting.bytes();
    if (now == null && machines.contains(path))
      throw new SettingsException(
          ("%s is on the list and has vanished; bring it back, or what only VirtualBox knows of"
                  + " the machine is lost")
              .formatted(path));
    files.checkOurs(path, Fingerprint.ofAny(present));
    MachineFile file =
        now == null
            ? MachineFile.blank(settings.machine(), parts.get(path))
            : MachineFile.of(path, now);
    if (!file.id().equals(id))
      throw new SettingsException(
          "%s is the file of machine %s; machine %s cannot be saved in it"
              .formatted(path, file.id(), id));
    file.write(settings);
    addChanged(path, now, file.toBytes(), replaced);
    knownIds.put(path, id);
  }

  private void addGlobal(
      List<Path> listed,
      List<Medium> media,
      Map<Path, MachineId> knownIds,
      List<NewContents> replaced)
      throws IOException {
    // What a person does with the file meanwhile matters only to changes that need it.
    boolean unneeded = listed.equals(machines) && plain(media).equals(plain(globalMedia));
    if (unneeded && !seenList.equals(Fingerprint.NO_FILE)) return;
    byte @Nullable [] now = contents(globalPath());
    GlobalFile file =
        now == null ? GlobalFile.blank(globalPath()) : GlobalFile.of(globalPath(), now);
    boolean same =
        file.machines().equals(machines) && plain(file.media()).equals(plain(globalMedia));
    if (!same && !isListOurs(Fingerprint.of(globalPath())))
      throw new ChangedOutsideException(
          globalPath(),
          "another program has changed '%s', the list of machines, while Varve uses it. Bring it back as it was, or stop Varve and start it again, which reads it"
              .formatted(globalPath()));
    file.write(listed, knownIds, media);
    addChanged(globalPath(), now, file.toBytes(), replaced);
  }

  private boolean isListOurs(Fingerprint now) {
    if (seenList.equals(now)) return true;
    NewContents waiting = changes.waiting(globalPath());
    return waiting != null && now.equals(waiting.before());
  }

  /** Without what is known of files, and of other lists. */
  private static List<Medium> plain(List<Medium> media) {
    return media.stream()
        .map(m -> m.withAccessError(null).withCapacity(0).withRegistries(Set.of()))
        .toList();
  }

  private void addChanged(
      Path path, byte @Nullable [] now, byte[] contents, List<NewContents> replaced) {
    if (Arrays.equals(now, contents)) return;
    NewContents waiting = changes.waiting(path);
    replaced.add(
        new NewContents(
            path, waiting == null ? Fingerprint.ofAny(now) : waiting.before(), contents));
  }

  /** Whether a file is still what was read to be written over. */
  private static void checkOurs(Path file, @Nullable Fingerprint before) throws IOException {
    if (before == null || before.equals(Fingerprint.of(file))) return;
    throw new ChangedOutsideException(
        file,
        "another program has changed '%s' at this moment; try again, it is read first then"
            .formatted(file));
  }

  /** Those that are made here have no file to be read. */
  private void ownListed() {
    releaseUnlisted();
    for (Path machine : machines) {
      try {
        owned.own(machine);
      } catch (IOException e) {
        // Another server's: the list says so, and it is not read.
      }
    }
  }

  /** Lets other processes have the folder. Changes under way are undone at the next opening. */
  @Override
  public void close() throws IOException {
    owned.close();
    changes.close();
  }
}
