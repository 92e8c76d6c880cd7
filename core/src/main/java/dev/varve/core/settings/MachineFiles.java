package dev.varve.core.settings;

import dev.varve.core.journal.Changes;
import dev.varve.core.journal.DurableFile;
import dev.varve.core.journal.Fingerprint;
import dev.varve.core.journal.NewContents;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineParts;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The machines' settings files as they were last read, or decided, and what has become of them
 * since: other programs write them too. Used by one thread at a time, but for {@link #isAsSeen};
 * blocks.
 */
final class MachineFiles {

  private static final System.Logger LOG = System.getLogger(MachineFiles.class.getName());

  private final Changes changes;
  private final ImageFiles images;
  private final Supplier<List<Path>> listed;
  private final Supplier<List<Medium>> globalMedia;
  private final SeenFiles seen = new SeenFiles();
  private final Map<Path, MachineId> ids = new HashMap<>();

  // What is registered in the files of listed machines, as far as it was asked for.
  private final Map<Path, List<Medium>> registries = new HashMap<>();
  private final Map<Path, List<String>> remarks = new HashMap<>();
  private final MovedMedia moved = new MovedMedia();

  /**
   * @param images to find media that are not where a file says
   * @param listed the settings files on the list of machines
   */
  MachineFiles(
      Changes changes,
      ImageFiles images,
      Supplier<List<Path>> listed,
      Supplier<List<Medium>> globalMedia) {
    this.changes = changes;
    this.images = images;
    this.listed = listed;
    this.globalMedia = globalMedia;
  }

  /** Which machines they are of, as far as that is known. */
  Map<Path, MachineId> ids() {
    return ids;
  }

  /**
   * What a file says, or will say when what is decided has been done; it counts as read once it is
   * taken.
   */
  Reading read(Path file) throws IOException {
    NewContents waiting = changes.waiting(file);
    byte @Nullable [] contents = waiting == null ? SettingsFile.bytes(file) : waiting.bytes();
    if (contents == null) throw missing(file);
    return reading(file, contents);
  }

  /**
   * What a file says of the machine beside its storage.
   *
   * @param snapshot null for the current state
   */
  MachineParts parts(Path file, @Nullable SnapshotId snapshot) throws IOException {
    NewContents waiting = changes.waiting(file);
    MachineFile read =
        waiting == null ? MachineFile.read(file) : MachineFile.of(file, waiting.bytes());
    return read.parts(snapshot);
  }

  private Reading reading(Path path, byte[] contents) throws SettingsException {
    MachineFile file = MachineFile.of(path, contents, images);
    List<Medium> own = file.registry();
    SeenFiles.Seen before = seen.get(path);
    return new Reading(
        path,
        Fingerprint.of(contents),
        file.settings(new KnownHere(path, own)),
        own,
        file.remarks(),
        file.moved(),
        file.said(),
        before == null ? null : before.said());
  }

  private static SettingsException missing(Path file) {
    Path previous = file.resolveSibling(file.getFileName() + DurableFile.PREVIOUS);
    return new SettingsException(
        file
            + ": there is no such file; bring it back, or take it off the list"
            + (Files.exists(previous) ? ". Its previous version is '%s'".formatted(previous) : ""));
  }

  /** Makes a reading what is known of its file. */
  MachineSettings take(Reading reading) {
    Path file = reading.file();
    seen.saw(file, reading.fingerprint(), reading.said());
    ids.put(file, reading.settings().machine().id());
    registries.put(file, reading.registry());
    remark(file, reading.remarks());
    moved.put(file, reading.moved());
    return reading.settings();
  }

  /** Keeps what was remarked of a file; logs it when it is said for the first time. */
  private void remark(Path path, List<String> now) {
    List<String> before = now.isEmpty() ? remarks.remove(path) : remarks.put(path, now);
    for (String remark : now)
      if (before == null || !before.contains(remark)) LOG.log(Level.WARNING, "{0}", remark);
  }

  List<String> remarks(Path file) {
    return remarks.getOrDefault(file, List.of());
  }

  /** The media that are elsewhere than the files say. */
  MovedMedia moved() {
    return moved;
  }

  // ---- what other programs write

  /** Whether a file holds what was last read or decided. Any thread. */
  boolean isAsSeen(Path file) {
    SeenFiles.Seen before = seen.get(file);
    try {
      return before == null
          || before.fingerprint().equals(Fingerprint.ofAny(SettingsFile.bytes(file)));
    } catch (IOException e) {
      return false;
    }
  }

  /** What a file says now; null if another program has not written it since it was last read. */
  @Nullable Reading changed(Path file) throws IOException {
    byte @Nullable [] now = SettingsFile.bytes(file);
    if (isOurs(file, Fingerprint.ofAny(now))) return null;
    if (now == null) throw missing(file);
    return reading(file, now);
  }

  /**
   * Whether a file may be written over.
   *
   * @throws ChangedOutsideException if another program has written or deleted it
   */
  void checkOurs(Path file, Fingerprint now) throws ChangedOutsideException {
    if (isOurs(file, now)) return;
    throw new ChangedOutsideException(
        file,
        "another program has changed '%s' at this moment; try again, it is read first then"
            .formatted(file));
  }

  private boolean isOurs(Path file, Fingerprint now) {
    SeenFiles.Seen before = seen.get(file);
    if (before == null || before.fingerprint().equals(now)) return true;
    NewContents waiting = changes.waiting(file);
    return waiting != null && now.equals(waiting.before());
  }

  /** New contents are decided, and on their way to their place. */
  void decided(NewContents file) {
    try {
      MachineFile decided = MachineFile.of(file.path(), file.bytes());
      seen.saw(file.path(), Fingerprint.of(file.bytes()), decided.said());
    } catch (SettingsException e) {
      throw new IllegalStateException("what was written cannot be read", e);
    }
    // Read again at the next request: what the file says is what counts.
    registries.remove(file.path());
  }

  /**
   * Forgets what was read from or decided for the files of machines that are not listed: another
   * machine may be made in their place.
   */
  void forgetUnlisted() {
    seen.retain(listed.get());
  }

  // ---- media

  /** The media that a machine's file may name. */
  private final class KnownHere implements KnownMedia {
    private final Path machine;
    private final Map<MediumId, Medium> media = new HashMap<>();
    private boolean all;

    KnownHere(Path machine, List<Medium> own) {
      this.machine = machine;
      own.forEach(medium -> media.put(medium.id(), medium));
      globalMedia.get().forEach(medium -> media.putIfAbsent(medium.id(), medium));
    }

    @Override
    public @Nullable Medium find(MediumId id) {
      if (!media.containsKey(id) && !all) {
        // Rare: few machines share a disk, and only then the others' files are read.
        for (Path other : listed.get())
          if (!other.equals(machine))
            registry(other).forEach(medium -> media.putIfAbsent(medium.id(), medium));
        all = true;
      }
      return media.get(id);
    }

    @Override
    public boolean hasChildren(MediumId id) {
      return media.values().stream().anyMatch(medium -> id.equals(medium.parent()));
    }
  }

  /** Nothing, if the file cannot be read: reading that machine says why. */
  List<Medium> registry(Path machine) {
    List<Medium> known = registries.get(machine);
    if (known != null) return known;
    List<Medium> read;
    try {
      NewContents waiting = changes.waiting(machine);
      MachineFile file =
          waiting == null
              ? MachineFile.read(machine, images)
              : MachineFile.of(machine, waiting.bytes(), images);
      read = new ArrayList<>(file.registry());
    } catch (IOException e) {
      return List.of();
    }
    registries.put(machine, read);
    return read;
  }
}
