package dev.varve.io.file;

import dev.varve.core.medium.Ownership;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A file that appears under its name complete and durable, or not at all: it is written under
 * another name in the same folder until it is published.
 *
 * <p>A process that is killed meanwhile leaves a hidden file {@code .NAME.NUMBER.part}, which
 * nobody reads and {@link #sweep} deletes.
 */
public final class NewFile implements Closeable {

  /** What to do with a file that already has the name. */
  public enum Existing {
    REFUSED,
    REPLACED
  }

  private static final String PART = ".part";
  private static final Pattern NUMBER = Pattern.compile("[0-9]+");

  private final Path target;
  private final Existing existing;
  private final Path part;
  private final ImageFile contents;

  /** The file that will be replaced: while it is open here nobody else begins to use it. */
  private final @Nullable ImageFile replaced;

  private boolean published;

  private NewFile(
      Path target, Existing existing, Path part, ImageFile contents, @Nullable ImageFile replaced) {
    this.target = target;
    this.existing = existing;
    this.part = part;
    this.contents = contents;
    this.replaced = replaced;
  }

  /**
   * Begins an empty file, with the owner of the file that it replaces or of its folder.
   *
   * @throws FileAlreadyExistsException if {@code target} exists and is not to be replaced
   * @throws ImageInUseException if the file that is to be replaced is open somewhere
   */
  public static NewFile create(Path target, Existing existing) throws IOException {
    return create(target, existing, target.toAbsolutePath().getParent());
  }

  /**
   * The same for a file that belongs to another, as a differencing image does to its parent.
   *
   * @param model whose owner the file gets, see {@link Ownership#inherit}
   */
  public static NewFile create(Path target, Existing existing, @Nullable Path model)
      throws IOException {
    Path absolute = target.toAbsolutePath();
    if (existing == Existing.REFUSED) refuseIfPresent(absolute);
    if (Files.isSymbolicLink(absolute)) absolute = absolute.toRealPath();
    ImageFile replaced = Files.exists(absolute) ? MappedFile.openReadWrite(absolute, 0) : null;
    try {
      return begin(absolute, existing, replaced, model);
    } catch (Throwable e) {
      if (replaced != null) replaced.close();
      throw e;
    }
  }

  private static NewFile begin(
      Path target, Existing existing, @Nullable ImageFile replaced, @Nullable Path model)
      throws IOException {
    Path folder = target.getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new NoSuchFileException(String.valueOf(folder), null, "there is no such folder");
    }
    Path part = Files.createTempFile(folder, beginning(target), PART);
    try {
      if (replaced != null) Ownership.keep(target, part);
      else if (model != null) Ownership.inherit(model, part);
      return new NewFile(target, existing, part, MappedFile.openReadWrite(part, 0), replaced);
    } catch (Throwable e) {
      Files.deleteIfExists(part);
      throw e;
    }
  }

  /** What will be the file; owned by this object. */
  public ImageFile contents() {
    return contents;
  }

  /**
   * Makes the contents durable, then gives them the name, then makes the name durable.
   *
   * @throws FileAlreadyExistsException if somebody took the name meanwhile and it is not to be
   *     replaced
   */
  public void publish() throws IOException {
    contents.sync();
    if (existing == Existing.REPLACED) {
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    } else {
      giveFreeName();
    }
    published = true;
    try (var folder = FileChannel.open(target.getParent(), StandardOpenOption.READ)) {
      folder.force(true);
    }
  }

  /**
   * Links, which unlike a move never replaces; where the file system has no links, looks before it
   * moves.
   */
  private void giveFreeName() throws IOException {
    try {
      Files.createLink(target, part);
    } catch (FileAlreadyExistsException e) {
      throw e;
    } catch (FileSystemException _) {
      refuseIfPresent(target);
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
      return;
    }
    Files.delete(part);
  }

  /** Closes the file, and removes it unless it was published. */
  @Override
  public void close() throws IOException {
    try (contents;
        var _ = replaced) {
      if (!published) Files.deleteIfExists(part);
    }
  }

  private static void refuseIfPresent(Path target) throws FileAlreadyExistsException {
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(
          target.toString(), null, "the file exists and is not overwritten; choose another name");
    }
  }

  // ---- what a killed process left

  /** Deletes what was begun of {@code target} and is not being written by anybody, if it can be. */
  public static void sweep(Path target) {
    Path folder = target.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) return;
    try (var parts = Files.newDirectoryStream(folder, path -> isPart(path, target))) {
      for (Path part : parts) deleteUnused(part);
    } catch (IOException | DirectoryIteratorException _) {
      // It takes space and harms nobody.
    }
  }

  private static boolean isPart(Path path, Path target) {
    String name = path.getFileName().toString();
    String beginning = beginning(target);
    return name.startsWith(beginning)
        && name.endsWith(PART)
        && name.length() > beginning.length() + PART.length()
        && NUMBER.matcher(name).region(beginning.length(), name.length() - PART.length()).matches();
  }

  private static String beginning(Path target) {
    return "." + target.getFileName() + ".";
  }

  /** While it is open here, nobody else writes it. */
  private static void deleteUnused(Path part) throws IOException {
    if (!Files.isRegularFile(part, LinkOption.NOFOLLOW_LINKS)) return;
    try (var _ = MappedFile.openReadWrite(part, 0)) {
      Files.deleteIfExists(part);
    } catch (ImageInUseException _) {
      // Its process lives.
    }
  }
}
