package dev.varve.core.journal;

import dev.varve.core.device.FailureWords;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The folder of the changes that are under way: a file for each, gone when it has ended.
 *
 * <p>Files are replaced as a whole and then made durable, so that a change is intended or decided
 * and never something between.
 *
 * <p>Used by one thread at a time; blocks.
 */
final class Journal {

  /** How the name of a file ends that is damaged: it is kept for people, and read no more. */
  static final String DAMAGED = ".damaged";

  private static final Pattern NAME = Pattern.compile("(\\d{1,18})\\.change(\\.damaged)?");

  private final Path folder;
  private final HostFiles host;
  private final FolderWatch watch;
  private final Set<Long> present = new HashSet<>();

  // Files that cannot be read, and why.
  private final Map<Path, String> damaged = new LinkedHashMap<>();
  private long last;

  Journal(Path folder, HostFiles host, FolderWatch watch) {
    this.folder = folder;
    this.watch = watch;
    this.host = host;
  }

  /**
   * The changes that have not ended, the oldest first, by number. What is damaged is set aside, see
   * {@link #damaged}.
   *
   * @throws IOException if the folder cannot be listed
   */
  SortedMap<Long, JournalEntry> read() throws IOException {
    SortedMap<Long, JournalEntry> entries = new TreeMap<>();
    if (!Files.isDirectory(folder)) return entries;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Matcher name = NAME.matcher(String.valueOf(file.getFileName()));
        if (!name.matches()) continue;
        long number = Long.parseLong(name.group(1));
        last = Math.max(last, number);
        if (name.group(2) == null) read(number, file, entries);
        else damaged.put(file, "an earlier start could not read it");
      }
    }
    return entries;
  }

  private void read(long number, Path file, Map<Long, JournalEntry> entries) {
    try {
      entries.put(number, JournalEntry.of(Files.readAllBytes(file)));
      present.add(number);
    } catch (JournalEntry.DamagedException e) {
      damaged.put(setAside(file), FailureWords.of(e));
    } catch (IOException e) {
      damaged.put(file, FailureWords.of(e));
    }
  }

  /** Gives a file a name under which it is not read any more. Returns the name that it has then. */
  private Path setAside(Path file) {
    Path aside = file.resolveSibling(file.getFileName() + DAMAGED);
    try {
      host.move(file, aside);
      return aside;
    } catch (IOException _) {
      return file; // it is not read in this run either
    }
  }

  /** Files of changes that cannot be read and still are there, and why they cannot. */
  Map<Path, String> damaged() {
    damaged.keySet().removeIf(Files::notExists);
    return damaged;
  }

  /** Deletes what a crash left of entries that were being written, if it can be deleted. */
  void sweep() {
    if (!Files.isDirectory(folder)) return;
    try (var files = Files.newDirectoryStream(folder, "*" + DurableFile.STAGED)) {
      for (Path file : files) Files.delete(file);
    } catch (IOException _) {
      // It takes a little space, and the next start tries again.
    }
  }

  /** A number for a new change. */
  long next() {
    return ++last;
  }

  /**
   * Makes an entry durable, in place of what there was of that change.
   *
   * @throws UndecidedException if the new entry may be there, durable or not, or the old one
   * @throws IOException any other: there is what there was before
   */
  void write(long number, JournalEntry entry) throws IOException {
    watch.checkOurs();
    var file = new DurableFile(file(number), host);
    try {
      DurableFile.createFolders(folder);
      file.stage(entry.toBytes());
    } catch (IOException e) {
      file.unstageIfPossible();
      watch.doubt();
      throw e;
    }
    present.add(number);
    try {
      file.publishAlone();
    } catch (IOException e) {
      throw new UndecidedException(e);
    }
  }

  /** Ends a change; does nothing if the journal has nothing of it. */
  void end(long number) throws IOException {
    if (!present.contains(number)) return;
    if (host.delete(file(number))) DurableFile.forceFolder(folder);
    present.remove(number);
  }

  Path file(long number) {
    return folder.resolve(number + ".change");
  }
}
