package dev.varve.core.medium;

import dev.varve.core.device.ExtentSink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The image files behind media: whatever the model needs done to a file that no running machine has
 * open. Thread-safe.
 *
 * <p>Everything here may block. A method that returns has made its effect durable; one that fails
 * has changed nothing unless it says otherwise. All but {@link #create} may be repeated after a
 * crash in the middle: the second call finishes what the first began.
 */
public interface ImageFiles {

  /**
   * Opens an image for a moment.
   *
   * @param format as it is registered: what is {@link ImageFormat#RAW} is so whatever is in the
   *     file or device; null: it is found out
   * @throws IOException if the file is missing or is no image of a format that can be opened; the
   *     message is for people
   * @throws OtherFormatException if it has another format, and could be taken for raw only because
   *     the user says so
   */
  ImageInfo inspect(Path location, DeviceType device, @Nullable ImageFormat format)
      throws IOException;

  /** Opens an image for a moment, and finds out what it is. */
  default ImageInfo inspect(Path location, DeviceType device) throws IOException {
    return inspect(location, device, null);
  }

  /**
   * Hands the allocation of the disk that images form to {@code sink}, from {@code offset} on.
   *
   * @throws IOException if they cannot be opened; the message is for people
   */
  default MappedDisk map(ImageChain chain, long offset, ExtentSink sink) throws IOException {
    throw new IOException(chain.files().getLast() + " cannot be looked into here");
  }

  /**
   * Looks for damage in an image, and changes nothing.
   *
   * @param served whether a running machine is writing to it: then it is not locked, and what is
   *     written meanwhile is no damage
   * @throws IOException if it cannot be opened; the message is for people
   */
  default ImageReport check(Path location, boolean served) throws IOException {
    throw new IOException(location + " cannot be looked into here");
  }

  /**
   * Why a new image should not have this name: other programs, and Varve, would take it for one of
   * another format. The answer, for people, says what to do; null if the name is good.
   */
  default @Nullable String whyNotNamed(Path location, ImageFormat format) {
    return null;
  }

  /**
   * Waits until the host lets a folder be looked at and written to, if that can be at all; fails
   * never, and leaves nothing in it.
   */
  default void awaitHost(Path folder) {}

  /**
   * Makes a base image that reads as zeroes.
   *
   * @param announcement hears of each file that holds no id
   * @throws java.nio.file.FileAlreadyExistsException if there is a file
   * @throws IllegalArgumentException if an image cannot be so; the message is for people
   */
  void create(
      Path location,
      MediumId id,
      ImageFormat format,
      MediumVariant variant,
      long capacity,
      Announcement announcement)
      throws IOException;

  /**
   * Makes a differencing image that shows what its parent shows, as large as its parent.
   *
   * @param format {@link ImageFormat#canDiffer}
   * @param parent with the id that it is registered under: the child keeps that
   * @throws java.nio.file.FileAlreadyExistsException if there is a file
   */
  void createChild(Path location, MediumId id, ImageFormat format, Image parent) throws IOException;

  /** Makes a differencing image show what its parent shows again. */
  void reset(Path location) throws IOException;

  /**
   * Fails where {@link #grow} would fail, as far as that shows without opening for writing. Changes
   * nothing.
   *
   * @throws IOException says why the disk cannot become as large as {@code capacity}, and what to
   *     do
   */
  void checkGrowth(ImageChain chain, long capacity) throws IOException;

  /**
   * Makes the disk that {@code chain} forms larger: its top image, whose added part reads as
   * zeroes. After a crash it has its old or its new size, and the same contents. Does nothing if it
   * has that size already.
   */
  void grow(ImageChain chain, long capacity) throws IOException;

  /**
   * Merges neighbours of a chain and removes nothing: afterwards {@code target} alone, on what lies
   * below both, shows what the upper of the two showed on the lower. While it runs, and after a
   * crash, the upper one still shows on the lower what it showed before. The images between them (a
   * merge by hand may name a distant pair) are merged too.
   *
   * @param chain up to the upper of source and target
   * @param target the uppermost of {@code chain} for a forward merge; {@code source} then is the
   *     lowest that is merged into it. For a backward merge the other way round
   * @param progress asked often; after it said no, a forward merge stops, and a backward one only
   *     if it has written nothing yet
   * @return false if it was cancelled
   * @throws HalfMergedException if a backward merge has changed the target
   */
  boolean merge(ImageChain chain, Path source, Path target, Progress progress) throws IOException;

  /**
   * Tells a differencing image that {@code parent} is its parent from now on.
   *
   * @param parent with its id, unless its file says it
   */
  void reparent(Path location, Image parent) throws IOException;

  /** Tells a differencing image that it is a base from now on: nothing lies below it any more. */
  void makeBase(Path location) throws IOException;

  /**
   * Copies what the top of {@code chain} shows into a new base image.
   *
   * @param announcement hears of each file that holds no id
   * @return false if it was cancelled; then there is no new file
   */
  boolean copy(
      ImageChain chain,
      Path location,
      MediumId id,
      ImageFormat format,
      MediumVariant variant,
      Progress progress,
      Announcement announcement)
      throws IOException;

  /**
   * All files of an image, the one that is registered first; only that one if it is missing or
   * cannot be read.
   *
   * @param format as it is registered; null for another file, and where it is not known: then the
   *     file is alone, whatever is in it
   */
  default List<Path> files(Path location, @Nullable ImageFormat format) {
    return List.of(location);
  }

  /**
   * Deletes one file of an image, and what a process that was killed while it made one here has
   * left; no failure if there is none.
   */
  void delete(Path location) throws IOException;

  /**
   * Looks whether {@link #delete} can work, as far as that shows without deleting: before a
   * decision after which it must.
   *
   * @throws IOException says what is in the way, and what to do
   */
  void checkDeletable(Path file) throws IOException;

  /**
   * The same for {@link #reparent} and {@link #makeBase}.
   *
   * @throws IOException says what is in the way, and what to do
   */
  void checkChangeable(Path location) throws IOException;

  /**
   * Deletes what was made here as image {@code id}, whole or in part, with all its files. A file
   * that does not hold that id stays: another program may have put its own file there since. So a
   * raw file, which holds none, always stays.
   */
  void deleteMade(Path location, MediumId id) throws IOException;

  /** Whether there is an image file that holds this id; a symbolic link is none. */
  boolean isImage(Path location, MediumId id);

  /**
   * Exchanges the names of two files in one step; of settings files too.
   *
   * @return false where the host cannot: nothing has changed
   */
  default boolean exchange(Path one, Path other) throws IOException {
    return false;
  }

  /**
   * What a file takes on its host; nothing where there is none. A symbolic link is not followed.
   *
   * @throws IOException if the file cannot be looked at
   */
  default FileBytes bytes(Path file) throws IOException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) return FileBytes.NONE;
    long length = Files.size(file);
    return new FileBytes(length, length, 0, length);
  }

  /** The room on the file system of a file or folder that is there. */
  Room room(Path place) throws IOException;

  /**
   * Deletes what a process that was killed while it made or reset an image here has left beside it,
   * if it can be; the image stays.
   */
  void sweep(Path location);
}
