package dev.varve.core.settings;

import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.settings.JournalEntry.Creation;
import dev.varve.core.settings.JournalEntry.NewFile;
import dev.varve.core.settings.StateFolder.FileStep;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * Does what the journal says: finishes decided changes, undoes intended ones. All of it may be done
 * again from the beginning after a crash in the middle.
 */
final class Changes {

  private static final System.Logger LOG = System.getLogger(Changes.class.getName());

  private final Journal journal;
  private final ImageFiles images;
  private final StateFolder.Steps steps;
  // Lines of changes that a crash ended, or that were postponed, by number, until somebody begins
  // them again.
  private final Map<Long, String> unfinished = new HashMap<>();
  // A change that is decided and could not be carried out to the end yet. There is at most one:
  // nothing new begins before it is done.
  private @Nullable JournalEntry pending;
  private long pendingNumber;

  Changes(Path folder, ImageFiles images, StateFolder.Steps steps) {
    this.journal = new Journal(folder, steps);
    this.images = images;
    this.steps = steps;
  }

  // ---- after a crash

  /**
   * Finishes and undoes what the journal holds.
   *
   * @throws SettingsException if an entry is damaged; then nothing was changed
   */
  void recover() throws IOException {
    SortedMap<Long, JournalEntry> entries = journal.read();
    journal.sweep();
    for (var entry : entries.entrySet())
      if (entry.getValue().decided()) finish(entry.getKey(), entry.getValue());
    for (var entry : entries.entrySet())
      if (!entry.getValue().decided()) undo(entry.getKey(), entry.getValue());
  }

  /** Keeps the line of a change until it is begun again; then a crash here does not lose it. */
  private void undo(long number, JournalEntry entry) throws IOException {
    deleteCreated(entry);
    if (entry.unfinished().isEmpty()) {
      journal.end(number);
      return;
    }
    if (!entry.creates().isEmpty())
      journal.write(number, JournalEntry.intended(List.of(), entry.unfinished()));
    unfinished.put(number, entry.unfinished());
  }

  /** The lines of changes that a crash ended or that were postponed, the oldest first. */
  List<String> unfinished() {
    return unfinished.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .map(Map.Entry::getValue)
        .toList();
  }

  // ---- one change

  /** Makes an intent durable. Returns the number of the change. */
  long begin(JournalEntry intent) throws IOException {
    Long again = null;
    for (var line : unfinished.entrySet())
      if (line.getValue().equals(intent.unfinished()) && (again == null || line.getKey() < again))
        again = line.getKey();
    long number = again == null ? journal.next() : again;
    if (!isEmpty(intent)) journal.write(number, intent);
    if (again != null) unfinished.remove(again);
    return number;
  }

  private static boolean isEmpty(JournalEntry intent) {
    return intent.creates().isEmpty() && intent.unfinished().isEmpty();
  }

  void intend(long number, JournalEntry intent) throws IOException {
    journal.write(number, intent);
  }

  /** Writes the new contents beside the files that are there, so that trouble shows now. */
  void stage(List<NewFile> files) throws IOException {
    try {
      for (NewFile file : files) {
        var durable = new DurableFile(file.path(), steps);
        if (durable.exists()) durable.stage(file.bytes());
      }
    } catch (IOException e) {
      unstage(files);
      throw e;
    }
  }

  /** Takes back {@link #stage}. */
  void unstage(List<NewFile> files) throws IOException {
    for (NewFile file : files) new DurableFile(file.path(), steps).unstage();
  }

  /**
   * Makes the decision durable. When this returns, the change happens.
   *
   * @throws UndecidedException if it may happen, or not
   */
  void decide(long number, JournalEntry decided) throws IOException {
    try {
      journal.write(number, decided);
    } catch (IOException e) {
      if (journal.isInDoubt()) throw new UndecidedException(e);
      unstage(decided.files());
      throw e;
    }
    pending = decided;
    pendingNumber = number;
  }

  /** Carries out what was decided and is not done yet; must succeed before anything new begins. */
  void finishPending() throws IOException {
    checkDisk();
    JournalEntry entry = pending;
    if (entry == null) return;
    try {
      finish(pendingNumber, entry);
    } catch (IOException e) {
      throw new UndoneStepsException(
          "the change is saved, but not all of it is done; it is tried again before the next"
              + " change and at the next start: "
              + e.getMessage(),
          e);
    }
    pending = null;
  }

  private void checkDisk() throws IOException {
    if (journal.isInDoubt())
      throw new IOException(
          "the disk failed while a change was being decided; start Varve again, which finds out"
              + " whether it was");
  }

  private void finish(long number, JournalEntry entry) throws IOException {
    List<FileStep> left = new ArrayList<>(entry.steps());
    for (NewFile file : entry.files())
      if (!isInPlace(file)) left.removeAll(contradicted(file.path(), left));
    for (int i = 0; i < left.size(); i++) {
      FileStep step = left.get(i);
      steps.before(words(step));
      try {
        take(step);
      } catch (IOException e) {
        // What is in place is not looked at again: it may be replaced, and rightly, before this is
        // done.
        keepSteps(number, entry, left.subList(i, left.size()));
        throw new IOException(
            ("what is left of a saved change cannot be done: %s: %s. Mend the cause, or move %s"
                    + " out of the folder to give it up")
                .formatted(words(step), e, journal.file(number)),
            e);
      }
    }
    journal.end(number);
  }

  private void keepSteps(long number, JournalEntry entry, List<FileStep> left) throws IOException {
    if (entry.files().isEmpty() && entry.steps().equals(left)) return;
    JournalEntry rest = entry.withSteps(left);
    journal.write(number, rest);
    if (pending == entry) pending = rest;
  }

  /**
   * Puts new contents in place, unless another program has written the file since that was decided:
   * then its version stays, and ours is kept beside it.
   */
  private boolean isInPlace(NewFile file) throws IOException {
    var durable = new DurableFile(file.path(), steps);
    if (durable.holds(file.bytes())) {
      durable.unstage();
      return true;
    }
    DurableFile.createFolders(Objects.requireNonNull(file.path().getParent()));
    durable.stageAgain(file.bytes());
    if (durable.publish(file.before())) return true;
    if (durable.previouslyHeld(file.bytes())) {
      durable.unstage();
      return true;
    }
    durable.keepBeside();
    return false;
  }

  /**
   * The steps that would take images away from a settings file which another program has written:
   * what it lists must stay as it is. Of a file that cannot be read nobody knows, so all of them.
   */
  private static List<FileStep> contradicted(Path settingsFile, List<FileStep> steps) {
    Set<Path> listed = new HashSet<>();
    boolean known = true;
    try {
      for (Medium medium : MachineFile.read(settingsFile).registry()) listed.add(medium.location());
    } catch (IOException e) {
      known = false;
    }
    List<FileStep> contradicted = new ArrayList<>();
    for (FileStep step : steps)
      if (!known || listed.contains(step.image())) {
        LOG.log(
            Level.WARNING,
            "not done, because of what another program wrote to {0}: {1}",
            settingsFile,
            words(step));
        contradicted.add(step);
      }
    return contradicted;
  }

  private void take(FileStep step) throws IOException {
    switch (step) {
      case FileStep.Delete(Path image) -> images.delete(image);
      case FileStep.Reparent(Path image, Path parent) -> images.reparent(image, parent);
      case FileStep.ReparentToRaw(Path image, Path parent, MediumId id) ->
          images.reparentToRaw(image, parent, id);
      case FileStep.MakeBase(Path image) -> images.makeBase(image);
    }
  }

  private static String words(FileStep step) {
    return switch (step) {
      case FileStep.Delete(Path image) -> "delete " + image;
      case FileStep.Reparent(Path image, Path parent) ->
          "make %s the parent of %s".formatted(parent, image);
      case FileStep.ReparentToRaw(Path image, Path parent, MediumId _) ->
          "make %s the parent of %s".formatted(parent, image);
      case FileStep.MakeBase(Path image) -> "make %s a base".formatted(image);
    };
  }

  /** Ends a change that was not decided, and deletes what was made for it. */
  void rollBack(long number, JournalEntry intent) throws IOException {
    checkDisk();
    deleteCreated(intent);
    if (!isEmpty(intent)) journal.end(number);
  }

  /** Leaves a change to whoever begins one with the same line. */
  void postpone(long number, JournalEntry intent) {
    if (!intent.unfinished().isEmpty()) unfinished.put(number, intent.unfinished());
  }

  /** Ends a change that has nothing to do. */
  void end(long number, JournalEntry intent) throws IOException {
    if (!isEmpty(intent)) journal.end(number);
  }

  private void deleteCreated(JournalEntry intent) throws IOException {
    List<IOException> failures = new ArrayList<>();
    for (Creation made : intent.creates()) {
      steps.before("delete " + made.file());
      try {
        if (made.id() == null) images.delete(made.file());
        else images.deleteMade(made.file(), made.id());
      } catch (IOException e) {
        failures.add(e);
      }
    }
    if (failures.isEmpty()) return;
    var failure =
        new IOException(
            ("what was made for a change that does not happen cannot be deleted (%s); mend the"
                    + " cause: it is tried again at the next start")
                .formatted(failures.getFirst().getMessage()),
            failures.getFirst());
    failures.stream().skip(1).forEach(failure::addSuppressed);
    throw failure;
  }
}
