package dev.varve.core.journal;

import dev.varve.core.device.FailureWords;
import dev.varve.core.journal.JournalEntry.Creation;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.MediumId;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
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
import org.jspecify.annotations.Nullable;

/**
 * The journal of a folder: begins changes, finishes those that are decided, and undoes those that
 * are only intended. All of it may be done again from the beginning after a crash in the middle.
 *
 * <p>A file that fails does not hold up the others: the failure is told to {@link Troubles}, kept,
 * and tried again by {@link #retry}, with which the next change also begins. A later change to the
 * same file replaces what still waits. The later change stays in the journal until the earlier one
 * no longer names that file, so that a crash brings nothing old back.
 *
 * <p>Used by one thread at a time, but for {@link #look} and {@link #isAnythingLeft}, which any
 * thread may call; everything may block.
 */
public final class Changes implements AutoCloseable {

  private final Journal journal;
  private final ImageFiles images;
  private final HostFiles host;
  private final Troubles troubles;
  private final FolderLock lock;
  private final FolderWatch watch;
  private final ImageUse use;

  // Lines of changes that a crash ended, or that were postponed, by number, until a change is begun
  // with the same line.
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

  // Files that changes under way make, or that are still to be deleted because of such.
  private final Set<Path> promised = new HashSet<>();

  private Changes(
      Path folder,
      FolderLock lock,
      ImageFiles images,
      HostFiles host,
      Troubles troubles,
      ImageUse use) {
    this.lock = lock;
    this.watch = new FolderWatch(folder, lock, images, host, why -> troubles.folder(folder, why));
    this.journal = new Journal(folder.resolve("journal"), host, watch);
    this.images = images;
    this.host = host;
    this.troubles = troubles;
    this.use = use;
  }

  /**
   * Locks a folder against other processes, and makes it if it is missing, for its owner only.
   *
   * @param folder absolute
   * @throws IOException if another process has it, or it cannot be made
   */
  public static Changes lock(
      Path folder, ImageFiles images, Troubles troubles, ImageUse use, HostFiles host)
      throws IOException {
    make(folder);
    return new Changes(folder, FolderLock.of(folder, host), images, host, troubles, use);
  }

  private static void make(Path folder) throws IOException {
    if (Files.isDirectory(folder)) return;
    if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS))
      throw new IOException(
          "%s is not a folder; name a folder for Varve's state".formatted(folder));
    Path parent = folder.getParent();
    if (parent != null) DurableFile.createFolders(parent);
    boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
    if (posix)
      Files.createDirectory(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    else Files.createDirectory(folder);
    if (parent != null) DurableFile.forceFolder(parent);
  }

  // ---- after a crash

  /** Reads the journal; from then on {@link #waiting} knows what is still to write. */
  public void read() throws IOException {
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
  public void recover() {
    journal.sweep();
    retry();
  }

  /** The lines of changes that a crash ended or that were postponed, the oldest first. */
  public List<String> unfinished() {
    return unfinished.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .map(Map.Entry::getValue)
        .toList();
  }

  // ---- one change

  /**
   * Begins a change.
   *
   * @param creates image files that will be made for it, with the ids that they will hold; deleted
   *     if it is not decided, but for one that holds another id or none
   * @param line what {@link #unfinished} gives back if the process is killed before the change is
   *     decided or rolled back; empty if there is nothing to do again. A line that was given back
   *     is given back at every opening until a change is begun with it
   * @throws FileAlreadyExistsException if one of {@code creates} is there already, or is made by
   *     another change
   */
  public IntendedChange begin(Map<Path, MediumId> creates, String line) throws IOException {
    retry();
    List<Creation> all = new ArrayList<>();
    for (var made : creates.entrySet()) all.add(creation(made.getKey(), made.getValue()));
    JournalEntry intent = JournalEntry.intended(all, line);
    var change = new IntendedChange(this, begin(intent), intent);
    promise(intent);
    return change;
  }

  /** An image that is going to be made; refused if its name is taken. */
  private Creation creation(Path image, MediumId id) throws IOException {
    checkFree(image);
    return new Creation(image, id, null);
  }

  /**
   * Looks whether a change can begin that makes a file of this name.
   *
   * @throws FileAlreadyExistsException if there is one, or another change makes it
   */
  public void checkFree(Path image) throws FileAlreadyExistsException {
    if (promised.contains(image))
      throw new FileAlreadyExistsException(
          image.toString(), null, "this file is being made already; choose another name");
    if (Files.exists(image, LinkOption.NOFOLLOW_LINKS))
      throw new FileAlreadyExistsException(
          image.toString(), null, "there is such a file already; choose another name");
  }

  /** Keeps others from making the files that a change makes. */
  private void promise(JournalEntry intent) {
    for (Creation made : intent.creates()) promised.add(made.file());
  }

  /** Takes back {@link #promise}. */
  void release(JournalEntry intent) {
    for (Creation made : intent.creates()) promised.remove(made.file());
  }

  /** Makes an intent durable. Returns the number of the change. */
  private long begin(JournalEntry intent) throws IOException {
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
  public void forget(String line, Path made, MediumId id) {
    Long number = numberOf(line);
    if (number == null) return;
    undoing.put(number, JournalEntry.intended(List.of(new Creation(made, id, null)), ""));
    unfinished.remove(number);
    retry();
  }

  /** Ends an unfinished change. */
  public void forget(String line) {
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
  void stage(List<NewContents> files) throws IOException {
    try {
      for (NewContents file : files) {
        var durable = new DurableFile(file.path(), host);
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
  void unstage(List<NewContents> files) {
    for (NewContents file : files) {
      try {
        new DurableFile(file.path(), host).unstageIfPossible();
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
    decided.put(number, new DecidedChange(change, images, host, troubles, use));
  }

  /** The new contents that wait to be put in a file's place; null if none do. */
  public @Nullable NewContents waiting(Path file) {
    for (DecidedChange change : decided.values()) {
      NewContents waiting = change.waiting(file);
      if (waiting != null) return waiting;
    }
    return null;
  }

  /** Ends a change that was not decided, and deletes what was made for it. */
  void rollBack(long number, JournalEntry intent) {
    undoing.put(number, ending(intent));
    retry();
    // Otherwise a file that cannot be deleted yet would count as unfinished work.
    if (undoing.containsKey(number) && !intent.unfinished().isEmpty())
      record(number, ending(intent), undoing);
  }

  /** Leaves a change to one that is begun with the same line. */
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
  public void retry() {
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
  public boolean isAnythingLeft() {
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
    change.attempt();
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

  // ---- the folder

  /** Deletes what a crash left of files that were being written. */
  public void sweep(List<Path> files) {
    for (Path file : files) {
      if (waiting(file) != null) continue;
      try {
        new DurableFile(file, host).unstageIfPossible();
      } catch (IOException _) {
        // A link that leads nowhere.
      }
    }
  }

  /** Looks whether the folder can be written, and tells the {@link Troubles}; any thread. */
  public void look() {
    watch.look();
  }

  /** Lets other processes have the folder. Changes under way are undone at the next opening. */
  @Override
  public void close() throws IOException {
    lock.close();
  }
}
