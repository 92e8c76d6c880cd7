package dev.varve.core.settings;

import dev.varve.core.device.FailureWords;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.MediumId;
import dev.varve.core.settings.JournalEntry.Creation;
import dev.varve.core.settings.JournalEntry.NewFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Does what the journal says: finishes decided changes, undoes intended ones. All of it may be done
 * again from the beginning after a crash in the middle.
 *
 * <p>What fails stands in nobody's way: it is told to {@link StateFolder.Troubles}, kept, and tried
 * again by {@link #retry}, which also the next change begins with. A later change to the same file
 * takes the place of what waits. In the journal the later one stays until the earlier one does not
 * name that file any more, so that a crash brings nothing old back.
 */
final class Changes {

  private final Journal journal;
  private final ImageFiles images;
  private final StateFolder.Steps steps;
  private final StateFolder.Troubles troubles;
  private final FolderWatch watch;
  private final Predicate<Path> isMedium;

  // Lines of changes that a crash ended, or that were postponed, by number, until somebody begins
  // them again.
  private final Map<Long, String> unfinished = new HashMap<>();

  // Decided, and still in the journal: what that says of them, and what is left to do of it.
  private final SortedMap<Long, JournalEntry> recorded = new TreeMap<>();
  private final Map<Long, DecidedChange> decided = new HashMap<>();

  // Not decided and to be ended, but what was made for them cannot be deleted yet.
  private final SortedMap<Long, JournalEntry> undoing = new TreeMap<>();

  // Perhaps decided: the disk failed meanwhile. They are taken back, to what they intended.
  private final SortedMap<Long, JournalEntry> doubtful = new TreeMap<>();

  // Over, but the journal cannot be rid of them yet.
  private final Set<Long> over = new HashSet<>();

  // What the troubles have heard.
  private Map<Path, String> told = Map.of();
  private volatile boolean left = true;

  /**
   * @param isMedium whether a file is a medium's, whatever is still to be written
   */
  Changes(
      Path folder,
      ImageFiles images,
      StateFolder.Steps steps,
      StateFolder.Troubles troubles,
      FolderWatch watch,
      Predicate<Path> isMedium) {
    this.journal = new Journal(folder, steps, watch);
    this.watch = watch;
    this.images = images;
    this.steps = steps;
    this.troubles = troubles;
    this.isMedium = isMedium;
  }

  // ---- after a crash

  /** Reads the journal; {@link #waiting} knows from then on what is to be written. */
  void read() throws IOException {
    for (var entry : journal.read().entrySet()) {
      long number = entry.getKey();
      JournalEntry change = entry.getValue();
      if (change.decided()) add(number, change);
      else undoing.put(number, change);
      // Kept until the line is begun again; then a crash here does not lose it.
      if (!change.decided() && !change.unfinished().isEmpty())
        unfinished.put(number, change.unfinished());
    }
  }

  /** Finishes and undoes what the journal holds, as far as that is possible now. */
  void recover() {
    journal.sweep();
    retry();
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
    Long again = numberOf(intent.unfinished());
    if (again == null) {
      long number = journal.next();
      if (!isEmpty(intent)) write(number, intent, number);
      return number;
    }
    JournalEntry undone = undoing.get(again);
    if (undone != null) { // what it made then is still there: a change of its own deletes it
      long number = journal.next();
      write(number, ending(undone), number);
      undoing.put(number, ending(undone));
      undoing.remove(again);
    }
    write(again, intent, null);
    unfinished.remove(again);
    return again;
  }

  /** The number of the oldest unfinished change with this line; null if there is none. */
  private @Nullable Long numberOf(String line) {
    return unfinished.entrySet().stream()
        .filter(entry -> entry.getValue().equals(line))
        .map(Map.Entry::getKey)
        .min(Comparator.naturalOrder())
        .orElse(null);
  }

  /** Ends an unfinished change, and deletes a file that was made for it. */
  void forget(String line, Path made, MediumId id) {
    Long number = numberOf(line);
    if (number == null) return;
    undoing.put(number, JournalEntry.intended(List.of(new Creation(made, id, null)), ""));
    unfinished.remove(number);
    retry();
  }

  /** Ends an unfinished change. */
  void forget(String line) {
    Long number = numberOf(line);
    if (number == null) return;
    unfinished.remove(number);
    if (undoing.containsKey(number)) undoing.computeIfPresent(number, (_, c) -> ending(c));
    else over.add(number);
    retry();
  }

  private static boolean isEmpty(JournalEntry intent) {
    return intent.creates().isEmpty() && intent.unfinished().isEmpty();
  }

  private static JournalEntry ending(JournalEntry intent) {
    return JournalEntry.intended(intent.creates(), "");
  }

  /** Makes durable what else a change intends. */
  void intend(long number, JournalEntry intent) throws IOException {
    write(number, intent, null);
  }

  /**
   * @param isNew the number, if the change is over when this fails
   */
  private void write(long number, JournalEntry intent, @Nullable Long isNew) throws IOException {
    checkDisk();
    try {
      journal.write(number, intent);
    } catch (UndecidedException e) {
      if (isNew != null) end(number);
      throw failed(e);
    }
  }

  /** The disk failed, and nothing has changed. */
  private static IOException failed(UndecidedException e) {
    return new IOException("the disk failed: " + e.why(), e);
  }

  private void checkDisk() throws IOException {
    if (!doubtful.isEmpty())
      throw new IOException(
          "the disk of the state folder fails, and nothing can be changed until it works again");
  }

  /** Writes the new contents beside the files that are there, so that trouble shows now. */
  void stage(List<NewFile> files) throws IOException {
    try {
      for (NewFile file : files) {
        var durable = new DurableFile(file.path(), steps);
        if (!durable.exists()) continue;
        images.checkDeletable(durable.path()); // its name goes to the new contents
        durable.stage(file.bytes());
      }
    } catch (IOException e) {
      unstage(files);
      watch.doubt();
      throw e;
    }
  }

  /** Takes back {@link #stage}. */
  void unstage(List<NewFile> files) {
    for (NewFile file : files) {
      try {
        new DurableFile(file.path(), steps).unstageIfPossible();
      } catch (IOException _) {
        // A link that leads nowhere: nothing was staged.
      }
    }
  }

  /**
   * Makes the decision durable. When this returns, the change happens.
   *
   * @throws UndecidedException if it may happen, or not
   */
  void decide(long number, JournalEntry intent, JournalEntry change) throws IOException {
    checkDisk();
    try {
      journal.write(number, change);
    } catch (UndecidedException e) {
      unstage(change.files());
      doubtful.put(number, intent);
      retry();
      if (doubtful.containsKey(number)) throw e;
      throw failed(e);
    } catch (IOException e) {
      unstage(change.files());
      throw e;
    }
    add(number, change);
  }

  private void add(long number, JournalEntry change) {
    for (DecidedChange earlier : decided.values()) earlier.giveWayTo(change);
    recorded.put(number, change);
    decided.put(number, new DecidedChange(change, images, steps, troubles));
  }

  /** The new contents that wait to be put in a file's place; null if none do. */
  @Nullable NewFile waiting(Path file) {
    for (DecidedChange change : decided.values()) {
      NewFile waiting = change.waiting(file);
      if (waiting != null) return waiting;
    }
    return null;
  }

  /** Ends a change that was not decided, and deletes what was made for it. */
  void rollBack(long number, JournalEntry intent) {
    undoing.put(number, ending(intent));
    retry();
    // What cannot be deleted yet must not be told as something to be done again.
    if (undoing.containsKey(number) && !intent.unfinished().isEmpty())
      record(number, ending(intent), undoing);
  }

  /** Leaves a change to whoever begins one with the same line. */
  void postpone(long number, JournalEntry intent) {
    if (!intent.unfinished().isEmpty()) unfinished.put(number, intent.unfinished());
  }

  /** Ends a change that has nothing to do. */
  void end(long number) {
    over.add(number);
    retry();
  }

  // ---- what is left

  /** Does what is decided or given up and not done yet, as far as that is possible now. */
  void retry() {
    if (isNothingLeft() && told.isEmpty() && journal.damaged().isEmpty()) return;
    try {
      if (!isNothingLeft()) watch.checkOurs();
    } catch (IOException e) {
      return; // the folder cannot be written, or another process may have it; that is told
    }
    Map<Path, String> failures = new LinkedHashMap<>();
    journal.damaged().forEach((file, why) -> failures.put(file, damaged(file, why)));
    for (long number : List.copyOf(doubtful.keySet())) takeBack(number, failures);
    for (long number : List.copyOf(recorded.keySet())) carryOut(number, failures);
    for (long number : List.copyOf(undoing.keySet())) undo(number, failures);
    over.removeIf(number -> hasEnded(number, failures));
    left = !isNothingLeft() || !failures.isEmpty();
    if (failures.equals(told)) return;
    told = failures;
    troubles.stuck(failures);
  }

  private boolean isNothingLeft() {
    return recorded.isEmpty() && undoing.isEmpty() && doubtful.isEmpty() && over.isEmpty();
  }

  /** Whether there is anything to {@link #retry}; any thread. */
  boolean isAnythingLeft() {
    return left;
  }

  private static String damaged(Path file, String why) {
    return "the journal of a change is damaged, and Varve can neither finish nor undo that change: %s: %s. Look whether the machines and images are as they should be, then delete the file"
        .formatted(file, why);
  }

  /** Makes it durable that a change is not decided. */
  private void takeBack(long number, Map<Path, String> failures) {
    try {
      journal.write(number, Objects.requireNonNull(doubtful.get(number)));
      doubtful.remove(number);
    } catch (IOException e) {
      failures.put(
          journal.file(number),
          "the disk failed while a change was being decided, and still does: %s. Nothing can be changed until it works again"
              .formatted(reason(e)));
    }
  }

  private static String reason(IOException e) {
    return e instanceof UndecidedException undecided ? undecided.why() : FailureWords.of(e);
  }

  private void carryOut(long number, Map<Path, String> failures) {
    DecidedChange change = Objects.requireNonNull(decided.get(number));
    change.attempt(isMedium);
    failures.putAll(change.failures());
    JournalEntry left = change.left();
    if (left.isDone()) {
      if (!isNeededAfterACrash(number) && hasEnded(number, failures)) {
        recorded.remove(number);
        decided.remove(number);
      }
    } else if (!left.equals(recorded.get(number))) {
      record(number, left, recorded);
    }
  }

  /** Whether an earlier change would be done again, and bring back what this one has replaced. */
  private boolean isNeededAfterACrash(long number) {
    Set<Path> files = Objects.requireNonNull(recorded.get(number)).touched();
    return recorded.headMap(number).values().stream()
        .anyMatch(earlier -> !Collections.disjoint(earlier.touched(), files));
  }

  /** Notes what is left, so that a crash does not have all of it done again. */
  private void record(long number, JournalEntry left, Map<Long, JournalEntry> changes) {
    try {
      journal.write(number, left);
      changes.put(number, left);
    } catch (IOException _) {
      // Then more is done again, which does no harm.
    }
  }

  private void undo(long number, Map<Path, String> failures) {
    if (doubtful.containsKey(number)) return;
    JournalEntry intent = Objects.requireNonNull(undoing.get(number));
    boolean deleted = true;
    for (Creation made : intent.creates()) deleted &= isDeleted(made, failures);
    if (!deleted) return;
    if (intent.unfinished().isEmpty()) over.add(number);
    else if (!intent.creates().isEmpty() && !isNoted(number, intent.unfinished())) return;
    undoing.remove(number);
  }

  /** Whether the journal has nothing of a change but its line. */
  private boolean isNoted(long number, String line) {
    try {
      journal.write(number, JournalEntry.intended(List.of(), line));
      return true;
    } catch (IOException _) {
      return false; // nothing is lost: there is nothing to be deleted any more
    }
  }

  private boolean isDeleted(Creation made, Map<Path, String> failures) {
    try {
      steps.before("delete " + made.file());
      boolean same = made.identity() != null && made.identity().isUnchanged(made.file());
      if (made.id() == null || same) images.delete(made.file());
      else images.deleteMade(made.file(), made.id());
      return true;
    } catch (IOException e) {
      failures.put(
          made.file(),
          "'%s' was made for a change that does not happen, and cannot be deleted: %s. Varve tries again by itself until it can"
              .formatted(made.file(), FailureWords.of(e)));
      return false;
    }
  }

  private boolean hasEnded(long number, Map<Path, String> failures) {
    try {
      journal.end(number);
      return true;
    } catch (IOException e) {
      failures.put(
          journal.file(number),
          "a change is over, and its journal cannot be deleted: %s. Varve tries again by itself until it can"
              .formatted(FailureWords.of(e)));
      return false;
    }
  }
}
