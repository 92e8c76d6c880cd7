package dev.varve.io.file;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A draft under a hidden name, {@code .NAME.NUMBER.part}, in the folder of the file that it will
 * be. A process that is killed leaves it; then no lock is on it, and {@link #sweep} deletes it.
 */
final class HiddenDraft implements Draft {

  private static final String PART = ".part";
  private static final Pattern NUMBER = Pattern.compile("[0-9]+");

  /** How often a name is tried: another process may sweep one away before it is locked. */
  private static final int ATTEMPTS = 10;

  private final Path part;
  private final MappedFile contents;
  private boolean hasName;

  private HiddenDraft(Path part, MappedFile contents) {
    this.part = part;
    this.contents = contents;
  }

  static HiddenDraft begin(Path target) throws IOException {
    for (int attempt = 1; ; attempt++) {
      Path part = make(target);
      try {
        MappedFile contents = MappedFile.openReadWrite(part, 0);
        if (contents.isInPlace()) return new HiddenDraft(part, contents);
        contents.close();
      } catch (ImageInUseException | NoSuchFileException e) {
        if (attempt == ATTEMPTS) throw e; // a sweep that has locked it deletes it
      } catch (Throwable e) {
        Files.deleteIfExists(part);
        throw e;
      }
    }
  }

  private static Path make(Path target) throws IOException {
    return Files.createTempFile(target.getParent(), beginning(target), PART);
  }

  /** A name that no file has, and that {@link #sweep} knows. */
  static Path freeName(Path target) throws IOException {
    Path part = make(target);
    Files.delete(part);
    return part;
  }

  @Override
  public MappedFile contents() {
    return contents;
  }

  @Override
  public Path place() {
    return part;
  }

  /**
   * Links, which unlike a move never replaces; where the file system has no links, looks before it
   * moves.
   */
  @Override
  public void appear(Path target) throws IOException {
    try {
      Files.createLink(target, part);
    } catch (FileAlreadyExistsException _) {
      throw Draft.taken(target);
    } catch (FileSystemException _) {
      if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) throw Draft.taken(target);
      replace(target);
      return;
    }
    hasName = true;
    Files.delete(part);
  }

  @Override
  public void replace(Path target) throws IOException {
    Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    hasName = true;
  }

  @Override
  public void close() throws IOException {
    try (contents) {
      if (!hasName) Files.deleteIfExists(part);
    }
  }

  // ---- what a killed process left

  /** Deletes the drafts of {@code target} that no living process writes, if they can be deleted. */
  static void sweep(Path target) {
    Path folder = target.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) return;
    try (var parts = Files.newDirectoryStream(folder, path -> isOf(target, path))) {
      for (Path part : parts) deleteUnused(part);
    } catch (IOException | DirectoryIteratorException _) {
      // What stays takes space and does no harm.
    }
  }

  private static boolean isOf(Path target, Path path) {
    String name = Objects.requireNonNull(path.getFileName()).toString();
    String beginning = beginning(target);
    return name.startsWith(beginning)
        && name.endsWith(PART)
        && name.length() > beginning.length() + PART.length()
        && NUMBER.matcher(name).region(beginning.length(), name.length() - PART.length()).matches();
  }

  private static String beginning(Path target) {
    return "." + target.getFileName() + ".";
  }

  /** While it is open here, no other process writes it. */
  private static void deleteUnused(Path part) throws IOException {
    if (!Files.isRegularFile(part, LinkOption.NOFOLLOW_LINKS)) return;
    try (var _ = MappedFile.openReadWrite(part, 0)) {
      Files.deleteIfExists(part);
    } catch (ImageInUseException _) {
      // Its process lives.
    }
  }
}
