package dev.varve.core.inventory;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.Progress;
import dev.varve.core.ovf.OvfDisk;
import dev.varve.core.ovf.OvfMachine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;

/**
 * A port: a machine that lies packed in files, which are only read. Used by one thread at a time;
 * may block. Every method that takes a {@link Progress} throws {@link CancellationException} if
 * that says so.
 */
public interface PackedMachine extends AutoCloseable {

  /** Where it lies, for messages. */
  Path file();

  /** Whether {@link #open} has to unpack a whole archive, which takes as long as copying. */
  boolean isCompressed();

  /**
   * Finds and reads the descriptor. Call it once, before all else.
   *
   * @param folder on whose file system there is room for an archive that has to be unpacked; what
   *     is unpacked has no name and is gone when this is closed, or the process ends
   * @throws IOException if it is no package, or one that cannot be imported; says why
   */
  void open(Path folder, Progress progress) throws IOException;

  /** What the descriptor says. */
  OvfMachine machine();

  /**
   * Looks whether all files are as they should be, and whether there is room for the disks.
   *
   * @param folder where the disks go
   * @throws IOException says what is wrong with which file
   */
  void check(Path folder, Progress progress) throws IOException;

  /**
   * What a new image is made of and called.
   *
   * @param announcement hears of a file that cannot hold its id
   */
  record NewDisk(
      OvfDisk disk, Path location, MediumId id, ImageFormat format, Announcement announcement) {}

  /** Copies a disk into a new image, which appears whole or not at all. */
  void copy(NewDisk disk, Progress progress) throws IOException;

  /** Gives up what is open; may be called twice. */
  @Override
  void close() throws IOException;
}
