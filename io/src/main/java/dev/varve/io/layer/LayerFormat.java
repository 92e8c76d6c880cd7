package dev.varve.io.layer;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.ImageReport;
import dev.varve.core.medium.MediumId;
import dev.varve.io.file.SharedFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One format of disk images: opens its files, and makes and changes those that nothing has open. A
 * call that returns has made its effect durable; one that fails has changed nothing. Immutable; any
 * thread; every method may wait for the medium.
 */
public interface LayerFormat {

  ImageFormat format();

  /**
   * Whether a file says that it is of this format, good or damaged. Never asked of what is
   * registered as raw: there a guest can write what another format begins with.
   */
  boolean recognizes(Path file) throws IOException;

  /** What a file of this format says of itself. Only its header is read, without a lock. */
  LayerFacts peek(Path file) throws IOException;

  // ---- open

  /**
   * Opens a file for reading. An entry that points outside the file is found when it is used.
   *
   * @param grows whether the image may be written later, so that its mapping leaves room for that
   * @param files opens it, or shares what is open already
   */
  Layer openReadOnly(Path file, boolean grows, SharedFiles files) throws IOException;

  /** Opens a file for writing. Nothing is written yet. */
  Layer openReadWrite(Path file, boolean grows) throws IOException;

  // ---- made

  /**
   * Makes a base that reads as zeroes.
   *
   * @param fixed whether it has all its space from the beginning
   * @param announcement hears of a file that holds no id
   * @throws java.nio.file.FileAlreadyExistsException if there is a file
   * @throws IllegalArgumentException if an image cannot be so; the message is for people
   */
  void createBase(Path file, MediumId id, boolean fixed, long capacity, Announcement announcement)
      throws IOException;

  /**
   * Makes a differencing image that shows what its parent shows. Does nothing if there is exactly
   * that, which a call before a crash made.
   *
   * @param parent with the id that the parent is registered under
   * @throws java.nio.file.FileAlreadyExistsException if there is another file
   */
  void createChild(Path file, MediumId id, Path parentFile, LayerFacts parent) throws IOException;

  /** Makes a differencing image show what its parent shows again. */
  void reset(Path file) throws IOException;

  /**
   * Makes a differencing image the child of another, or a base.
   *
   * @param parent null for none
   */
  void changeParent(Path file, @Nullable LayerFacts parent) throws IOException;

  /**
   * Refuses what {@link Layer#grow} would refuse. Changes nothing.
   *
   * @throws IOException the image cannot become as large as {@code capacity}
   */
  void checkGrowth(Path file, long capacity) throws IOException;

  /** Whether there is a file of this format that holds this id. Fails never. */
  boolean holds(Path file, UUID id);

  /** See {@link dev.varve.core.medium.ImageFiles#check}. */
  ImageReport check(Path file, boolean served) throws IOException;
}
