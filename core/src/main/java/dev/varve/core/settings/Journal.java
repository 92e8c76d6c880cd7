package dev.varve.core.settings;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The folder of the changes that are under way: a file for each, gone when it has ended.
 *
 * <p>Files are replaced as a whole and then made durable, so that a change is intended or decided
 * and never something between.
 */
final class Journal {

  private static final Pattern NAME = Pattern.compile("(\\d{1,18})\\.change");

  private final Path folder;
  private final StateFolder.Steps steps;
  private long last;
  private boolean inDoubt;

  Journal(Path folder, StateFolder.Steps steps) {
    this.folder = folder;
    this.steps = steps;
  }

  /** The changes that have not ended, the oldest first, by number. */
  SortedMap<Long, JournalEntry> read() throws IOException {
    SortedMap<Long, JournalEntry> entries = new TreeMap<>();
    if (!Files.isDirectory(folder)) return entries;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Matcher name = NAME.matcher(String.valueOf(file.getFileName()));
        if (!name.matches()) continue;
        long number = Long.parseLong(name.group(1));
        last = Math.max(last, number);
        entries.put(number, JournalEntry.of(file, Files.readAllBytes(file)));
      }
    }
    return entries;
  }

  /** Deletes what a crash left of entries that were being written. */
  void sweep() throws IOException {
    if (!Files.isDirectory(folder)) return;
    try (var files = Files.newDirectoryStream(folder, "*" + DurableFile.STAGED)) {
      for (Path file : files) Files.delete(file);
    }
  }

  /** A number for a new change. */
  long next() {
    return ++last;
  }

  /**
   * Makes an entry durable, in place of what there was of that change. If it fails, what there was
   * still is, but for a failing disk: then {@link #isInDoubt} says so.
   */
  void write(long number, JournalEntry entry) throws IOException {
    DurableFile.createFolders(folder);
    var file = new DurableFile(file(number), steps);
    try {
      file.stage(entry.toBytes());
    } catch (IOException e) {
      file.unstage();
      throw e;
    }
    try {
      file.publishAlone();
    } catch (IOException e) {
      inDoubt = true;
      throw e;
    }
  }

  /** Whether nobody but the next {@link #read} can tell what the journal holds. */
  boolean isInDoubt() {
    return inDoubt;
  }

  /** Ends a change. */
  void end(long number) throws IOException {
    steps.before("end change " + number);
    if (Files.deleteIfExists(file(number))) DurableFile.forceFolder(folder);
  }

  Path file(long number) {
    return folder.resolve(number + ".change");
  }
}
