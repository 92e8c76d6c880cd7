package dev.varve.core.journal;

import dev.varve.core.medium.Ownership;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A file that is replaced as a whole: a reader, also after a crash, finds the old or the new
 * contents. Not thread-safe; blocks.
 *
 * <p>First {@link #stage}, which is where a full disk or a folder without permission shows, then
 * {@link #publish}. Other programs may write the file at any moment, also between the two.
 */
public final class DurableFile {

  /** How the names of files end that were written and have not replaced anything yet. */
  public static final String STAGED = ".varve-new";

  /** How the name ends of what is exchanged with the file; always whole. */
  private static final String EXCHANGED = ".varve-swap";

  /** How the name of the previous contents ends. */
  public static final String PREVIOUS = "-prev";

  private final Path path;
  private final Path staged;
  private final Path exchanged;
  private final HostFiles files;

  /** Exchanges the names of two files; false where that cannot be done in one step. */
  interface Exchange {
    boolean of(Path one, Path other) throws IOException;
  }

  /**
   * @param path absolute; a symbolic link is followed, so that it stays one
   */
  DurableFile(Path path, HostFiles files) throws IOException {
    this.path = Files.isSymbolicLink(path) ? path.toRealPath() : path;
    this.staged = sibling(STAGED);
    this.exchanged = sibling(EXCHANGED);
    this.files = files;
  }

  private Path sibling(String ending) {
    return path.resolveSibling(path.getFileName() + ending);
  }

  private Path folder() {
    return Objects.requireNonNull(path.getParent());
  }

  /** The file itself, of which the link may be another name. */
  Path path() {
    return path;
  }

  boolean exists() {
    return Files.exists(path);
  }

  /** What the file holds; null if there is none. */
  byte @Nullable [] contents() throws IOException {
    try {
      return Files.readAllBytes(path);
    } catch (NoSuchFileException _) {
      return null;
    }
  }

  /** Whether another program has replaced these contents in good order. */
  boolean previouslyHeld(byte[] contents) throws IOException {
    Path previous = sibling(PREVIOUS);
    return exists()
        && Files.isRegularFile(previous)
        && Arrays.equals(Files.readAllBytes(previous), contents);
  }

  /** Puts the new contents beside the file, durable, and with its owner and permissions. */
  void stage(byte[] contents) throws IOException {
    files.write(staged, contents, path);
  }

  /** Takes back {@link #stage}. */
  void unstage() throws IOException {
    files.delete(staged);
  }

  /** The same; a file that cannot be deleted does no harm: the next save overwrites it. */
  void unstageIfPossible() {
    try {
      unstage();
    } catch (IOException _) {
      // See above.
    }
  }

  /**
   * Replaces the file by what was staged; the previous contents stay as {@code NAME-prev} if they
   * can.
   *
   * @param before what may be replaced; null for anything
   * @return false if the file is not as {@code before} says, because another program has written or
   *     deleted it since: then it stays as it is, and what was staged too
   */
  boolean publish(@Nullable Fingerprint before, Exchange exchange) throws IOException {
    if (!exists()) {
      if (before != null && !before.equals(Fingerprint.NO_FILE)) return false;
      return publishNew();
    }
    if (before != null && !Fingerprint.of(path).equals(before)) return false;
    try {
      files.keep(path, sibling(PREVIOUS));
    } catch (IOException _) {
      // The new contents are more important than a copy of the old ones.
    }
    if (before != null) return exchange(before, exchange);
    publishStaged();
    return true;
  }

  /**
   * Exchanges the file with what was staged and looks at what came out: so not even a program that
   * writes it at this very moment loses anything.
   */
  private boolean exchange(Fingerprint before, Exchange exchange) throws IOException {
    if (!Fingerprint.of(path).equals(before)) return false;
    files.move(staged, exchanged); // of its own name, so that a crash leaves no doubt what it is
    if (!exchange.of(exchanged, path)) {
      files.move(exchanged, path);
      sync();
      return true;
    }
    if (!Fingerprint.of(exchanged).equals(before)) {
      putBack(exchange);
      return false;
    }
    sync();
    files.delete(exchanged);
    return true;
  }

  private void putBack(Exchange exchange) throws IOException {
    if (!exchange.of(exchanged, path)) throw new IOException(path + " cannot be exchanged");
    files.move(exchanged, staged);
    sync();
  }

  /**
   * Ends an {@link #exchange} that a crash or a failure has cut short.
   *
   * @param contents what was staged
   */
  void settle(@Nullable Fingerprint before, byte[] contents, Exchange exchange) throws IOException {
    if (!Files.exists(exchanged, LinkOption.NOFOLLOW_LINKS)) return;
    byte[] out = Files.readAllBytes(exchanged);
    if (Arrays.equals(out, contents)) {
      files.move(exchanged, staged);
    } else if (Fingerprint.of(out).equals(before)) {
      sync();
      files.delete(exchanged);
    } else if (Arrays.equals(contents, contents())) {
      putBack(exchange);
    } else {
      files.move(
          exchanged, staged); // two others have written it: the later stays, the earlier is kept
      keepBeside();
    }
  }

  /** Gives the staged file its name, which no other file has. */
  private boolean publishNew() throws IOException {
    try {
      files.link(path, staged);
    } catch (FileAlreadyExistsException e) {
      return false;
    } catch (UnsupportedOperationException | IOException e) {
      // Not every file system has hard links.
      if (exists()) return false;
      publishStaged();
      return true;
    }
    files.delete(staged);
    sync();
    return true;
  }

  /** Replaces the file by what was staged, whatever it is. */
  void publishAlone() throws IOException {
    publishStaged();
  }

  private void publishStaged() throws IOException {
    files.move(staged, path);
    sync();
  }

  /** Makes durable that the file has its name. */
  void sync() throws IOException {
    files.syncName(path);
  }

  /** Stages unless that is done, of which a crash may have left a part. */
  void stageAgain(byte[] contents) throws IOException {
    boolean written = Files.exists(staged) && Arrays.equals(Files.readAllBytes(staged), contents);
    if (!written) {
      stage(contents);
    } else {
      try (var file = FileChannel.open(staged, StandardOpenOption.WRITE)) {
        file.force(true);
      }
    }
  }

  /**
   * Gives what was staged a name of its own beside the file, for people.
   *
   * @return the name, which no other file had
   */
  Path keepBeside() throws IOException {
    byte[] contents = Files.readAllBytes(staged);
    Path kept = Kept.name(path, 1);
    for (int n = 2; Files.exists(kept, LinkOption.NOFOLLOW_LINKS); n++) {
      // A crash may have come between this and the end of the change.
      if (Arrays.equals(Files.readAllBytes(kept), contents)) break;
      kept = Kept.name(path, n);
    }
    files.move(staged, kept);
    forceFolder(folder());
    return kept;
  }

  /** Makes a folder, and those it is in, where they are missing. */
  public static void createFolders(Path folder) throws IOException {
    if (Files.isDirectory(folder)) return;
    Path parent = folder.getParent();
    if (parent != null) createFolders(parent);
    Ownership.createFolder(folder);
    if (parent != null) forceFolder(parent);
  }

  /** Makes durable which files are in a folder. */
  public static void forceFolder(Path folder) throws IOException {
    try (var opened = FileChannel.open(folder, StandardOpenOption.READ)) {
      opened.force(true);
    } catch (NoSuchFileException e) {
      throw new NoSuchFileException(folder.toString(), null, "the folder has vanished");
    }
  }
}
