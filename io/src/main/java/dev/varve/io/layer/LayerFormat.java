package dev.varve.io.layer;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.ImageReport;
import dev.varve.core.medium.MediumId;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.ImageInUseException;
import dev.varve.io.file.SharedFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One format of disk images: opens image files, and makes and changes files that are not open. When
 * a call returns, its effect is durable; when it fails, nothing has changed. Immutable; any thread;
 * every method may wait for the medium.
 */
public interface LayerFormat {

  ImageFormat format();

  /**
   * Whether a file has the signature of this format, valid or damaged. Never called for a file that
   * is registered as raw, since its guest can write the signature of another format.
   */
  boolean recognizes(Path file) throws IOException;

  /** The facts of a file. Reads only its header, without a lock. */
  LayerFacts peek(Path file) throws IOException;

  /**
   * All files of an image: the file itself, then its extents, which lie in the same folder. Reads
   * only what names them.
   *
   * @throws IOException if that cannot be read, or names something else than an extent
   */
  default List<Path> files(Path file) throws IOException {
    return List.of(file);
  }

  /**
   * What is unusual in an image, a sentence each: see {@link Layer#notes}. Nothing if another
   * process writes to it.
   */
  default List<String> notes(Path file) throws IOException {
    try (Layer image = openReadOnly(file, false, new SharedFiles())) {
      return image.notes();
    } catch (ImageInUseException _) {
      return List.of();
    }
  }

  // ---- open

  /**
   * Opens a file for reading. An entry that points outside the file is found when it is used.
   *
   * @param grows whether the image may be written later, so that its mapping leaves room for that
   * @param files opens the file, or shares it if it is open already
   */
  Layer openReadOnly(Path file, boolean grows, SharedFiles files) throws IOException;

  /**
   * Opens an image that is one file for reading.
   *
   * @param file may be a part of a larger one, such as a member of an archive; owned by the layer
   *     from now on, also when this fails
   */
  Layer openReadOnly(ImageFile file) throws IOException;

  /**
   * Opens a file for writing. Nothing is written yet: {@link Layer#mend} comes before the first
   * change.
   */
  Layer openReadWrite(Path file, boolean grows) throws IOException;

  // ---- made

  /**
   * Makes a base that reads as zeroes.
   *
   * @param fixed whether it has all its space from the beginning
   * @param announcement called for a file that stores no id
   * @throws java.nio.file.FileAlreadyExistsException if the file exists
   * @throws IllegalArgumentException if the format has no such image; the message is for people
   */
  void createBase(Path file, MediumId id, boolean fixed, long capacity, Announcement announcement)
      throws IOException;

  /**
   * Makes an empty differencing image, which reads as its parent. Does nothing if exactly that
   * image exists, as after a call before a crash.
   *
   * @param parent with the id under which the parent is registered
   * @throws java.nio.file.FileAlreadyExistsException if another file exists
   */
  void createChild(Path file, MediumId id, Path parentFile, LayerFacts parent) throws IOException;

  /** Empties a differencing image, so that it reads as its parent. */
  void reset(Path file) throws IOException;

  /**
   * Makes a differencing image the child of another, or a base.
   *
   * @param parent null makes it a base
   */
  void changeParent(Path file, @Nullable LayerFacts parent) throws IOException;

  /**
   * Fails where {@link Layer#grow} would fail. Changes nothing.
   *
   * @throws IOException if the image cannot become as large as {@code capacity}
   */
  void checkGrowth(Path file, long capacity) throws IOException;

  /** Whether there is a file of this format with this id. Never fails. */
  boolean holds(Path file, UUID id);

  /** See {@link dev.varve.core.medium.ImageFiles#check}. */
  ImageReport check(Path file, boolean served) throws IOException;

  /**
   * Repairs an image in place, as far as that is possible: what a crash of another program left,
   * for example.
   *
   * @return what was done, a sentence each; empty if there was nothing to do
   * @throws IOException if the image is in use, or cannot be repaired; nothing was changed
   */
  default List<String> repair(Path file) throws IOException {
    throw new IOException(
        "%s has the format %s, and Varve repairs no images of that format"
            .formatted(file, format()));
  }
}
