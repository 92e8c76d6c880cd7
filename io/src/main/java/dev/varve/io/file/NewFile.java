package dev.varve.io.file;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.FileIdentity;
import dev.varve.core.medium.Ownership;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * A file that appears under its name complete and durable, or not at all. Not thread-safe; blocks.
 *
 * <p>Until then it has no name, and the host removes it when its process is killed. Where the file
 * system has no files without names, and in the moment in which one file replaces another, it has a
 * hidden one: the next file that is made for the same name deletes what is left of it.
 */
public final class NewFile implements Closeable {

  /** What to do with a file that already has the name. */
  public enum Existing {
    REFUSED,
    REPLACED
  }

  private final Path target;
  private final Draft draft;

  /** The file that will be replaced: while it is open here no other program begins to use it. */
  private final @Nullable ImageFile replaced;

  private NewFile(Path target, Draft draft, @Nullable ImageFile replaced) {
    this.target = target;
    this.draft = draft;
    this.replaced = replaced;
  }

  /**
   * Begins an empty file, with the owner of the file that it replaces or of its folder.
   *
   * @throws FileAlreadyExistsException if {@code target} exists and must not be replaced
   * @throws ImageInUseException if the file to replace is open somewhere
   */
  public static NewFile create(Path target, Existing existing) throws IOException {
    return create(target, existing, target.toAbsolutePath().getParent());
  }

  /**
   * The same for a file that belongs to another, as a differencing image does to its parent.
   *
   * @param model the file gets its owner, see {@link Ownership#inherit}
   */
  public static NewFile create(Path target, Existing existing, @Nullable Path model)
      throws IOException {
    Path absolute = target.toAbsolutePath();
    if (existing == Existing.REFUSED) refuseIfPresent(absolute);
    if (Files.isSymbolicLink(absolute)) absolute = absolute.toRealPath();
    ImageFile replaced = Files.exists(absolute) ? MappedFile.openReadWrite(absolute, 0) : null;
    try {
      return begin(absolute, replaced, model);
    } catch (Throwable e) {
      if (replaced != null) replaced.close();
      throw e;
    }
  }

  private static NewFile begin(Path target, @Nullable ImageFile replaced, @Nullable Path model)
      throws IOException {
    Path folder = target.getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new NoSuchFileException(String.valueOf(folder), null, "there is no such folder");
    }
    sweep(target);
    Draft draft = NamelessDraft.begin(target);
    if (draft == null) draft = HiddenDraft.begin(target);
    try {
      if (replaced != null) Ownership.keep(target, draft.place());
      else if (model != null) Ownership.inherit(model, draft.place());
      return new NewFile(target, draft, replaced);
    } catch (Throwable e) {
      draft.close();
      throw e;
    }
  }

  /** What will be the file; owned by this object. */
  public ImageFile contents() {
    return draft.contents();
  }

  /** Leads to the contents until they have their name. */
  public Path place() throws IOException {
    return draft.place();
  }

  /**
   * Makes the contents durable, then gives them the name, then makes the name durable.
   *
   * @throws FileAlreadyExistsException if another program has taken the name meanwhile
   */
  public void publish() throws IOException {
    publish(Announcement.UNHEARD);
  }

  /**
   * The same.
   *
   * @param announcement is called when only the name is missing
   */
  public void publish(Announcement announcement) throws IOException {
    contents().sync();
    announcement.before(target, FileIdentity.unchanged(draft.place()));
    if (replaced == null) draft.appear(target);
    else draft.replace(target);
    try (var folder = FileChannel.open(target.getParent(), StandardOpenOption.READ)) {
      folder.force(true);
    }
  }

  /** Closes the file, and removes it unless it was published. */
  @Override
  public void close() throws IOException {
    try (draft;
        var _ = replaced) {
      // Only closes.
    }
  }

  private static void refuseIfPresent(Path target) throws FileAlreadyExistsException {
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) throw Draft.taken(target);
  }

  /** Deletes what a killed process has left of {@code target}, if it can be deleted. */
  public static void sweep(Path target) {
    HiddenDraft.sweep(target);
  }
}
