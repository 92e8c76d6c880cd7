package dev.varve.core.settings;

import dev.varve.core.device.OutOfSpaceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.Arrays;
import java.util.Objects;

/**
 * A file that is replaced as a whole: whoever reads it, also after a crash, finds the old or the
 * new contents.
 *
 * <p>First {@link #stage}, which is where a full disk or a folder without permission shows, then
 * {@link #publish}.
 */
final class DurableFile {

  /** How the names of files end that were written and have not replaced anything yet. */
  static final String STAGED = ".varve-new";

  /** What the JDK says then, and all that it says. */
  private static final String NO_SPACE = "No space left on device";

  /** How the name of the previous contents ends. */
  static final String PREVIOUS = "-prev";

  private final Path path;
  private final Path staged;
  private final StateFolder.Steps steps;

  /**
   * @param path absolute; a symbolic link is followed, so that it stays one
   */
  DurableFile(Path path, StateFolder.Steps steps) throws IOException {
    this.path = Files.isSymbolicLink(path) ? path.toRealPath() : path;
    this.staged = sibling(STAGED);
    this.steps = steps;
  }

  private Path sibling(String ending) {
    return path.resolveSibling(path.getFileName() + ending);
  }

  private Path folder() {
    return Objects.requireNonNull(path.getParent());
  }

  boolean exists() {
    return Files.exists(path);
  }

  boolean holds(byte[] contents) throws IOException {
    return exists() && Arrays.equals(Files.readAllBytes(path), contents);
  }

  /** Puts the new contents beside the file, durable and with its permissions. */
  void stage(byte[] contents) throws IOException {
    steps.before("write " + staged);
    Files.deleteIfExists(staged);
    try (var file =
        FileChannel.open(staged, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      keepPermissions();
      var bytes = ByteBuffer.wrap(contents);
      while (bytes.hasRemaining()) file.write(bytes);
      file.force(true);
    } catch (IOException e) {
      throw NO_SPACE.equals(e.getMessage())
          ? new OutOfSpaceException(
              "%s cannot be written: there is no space left; free some there, then try again"
                  .formatted(staged))
          : e;
    }
  }

  private void keepPermissions() throws IOException {
    var view = Files.getFileAttributeView(path, PosixFileAttributeView.class);
    if (exists() && view != null)
      Files.setPosixFilePermissions(staged, view.readAttributes().permissions());
  }

  /** Takes back {@link #stage}. */
  void unstage() throws IOException {
    Files.deleteIfExists(staged);
  }

  /** Replaces the file by what was staged; the previous contents stay as {@code NAME-prev}. */
  void publish() throws IOException {
    if (exists()) {
      steps.before("keep " + sibling(PREVIOUS));
      keepPrevious();
    }
    publishAlone();
  }

  /** The same without keeping the previous contents. */
  void publishAlone() throws IOException {
    steps.before("replace " + path);
    Files.move(staged, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    steps.before("sync folder of " + path);
    forceFolder(folder());
  }

  private void keepPrevious() throws IOException {
    Path link = sibling(".varve-prev");
    Files.deleteIfExists(link);
    try {
      Files.createLink(link, path);
    } catch (UnsupportedOperationException | IOException e) {
      // Not every file system has hard links.
      Files.copy(path, link, StandardCopyOption.COPY_ATTRIBUTES);
    }
    Files.move(
        link,
        sibling(PREVIOUS),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  /** Both in one; what is staged already is not written again. */
  void replace(byte[] contents) throws IOException {
    boolean written = Files.exists(staged) && Arrays.equals(Files.readAllBytes(staged), contents);
    if (!written) {
      stage(contents);
    } else {
      try (var file = FileChannel.open(staged, StandardOpenOption.WRITE)) {
        file.force(true);
      }
    }
    publish();
  }

  /** Makes a folder, and those it is in, where they are missing. */
  static void createFolders(Path folder) throws IOException {
    if (Files.isDirectory(folder)) return;
    Path parent = folder.getParent();
    if (parent != null) createFolders(parent);
    try {
      Files.createDirectory(folder);
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(folder)) throw e;
    }
    if (parent != null) forceFolder(parent);
  }

  /** Makes durable which files are in a folder. */
  static void forceFolder(Path folder) throws IOException {
    try (var opened = FileChannel.open(folder, StandardOpenOption.READ)) {
      opened.force(true);
    } catch (NoSuchFileException e) {
      throw new NoSuchFileException(folder.toString(), null, "the folder has vanished");
    }
  }
}
