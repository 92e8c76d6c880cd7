package dev.varve.core.journal;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * How the journal changes files: a port, whose every call can fail, and before and after whose
 * every call the process can end. What is durable, or the order of calls that makes it so, is the
 * caller's. Any thread; blocks.
 */
public interface HostFiles {

  /** The files of this host. */
  HostFiles REAL = new RealFiles();

  /**
   * Makes a file, in place of one that a crash left, with durable contents; its name is not durable
   * yet.
   *
   * @param model the new file gets its owner and permissions, or if there is no such file those of
   *     its folder
   * @throws dev.varve.core.device.OutOfSpaceException if there is no room
   */
  void write(Path file, byte[] contents, Path model) throws IOException;

  /** Gives a file another name in one step, in place of the file that has it. */
  void move(Path from, Path to) throws IOException;

  /**
   * Gives a file a second name.
   *
   * @throws java.nio.file.FileAlreadyExistsException if another file has it
   * @throws UnsupportedOperationException if the file system has no hard links
   */
  void link(Path name, Path file) throws IOException;

  /** Makes {@code name} in one step a second name of a file, or of a copy where that cannot be. */
  void keep(Path file, Path name) throws IOException;

  /** Deletes a file, if there is one. Returns whether there was. */
  boolean delete(Path file) throws IOException;

  /** Makes durable which file has this name, or that none has it. */
  void syncName(Path file) throws IOException;

  /** Opens a file to write, and makes it if it is missing. */
  FileChannel open(Path file) throws IOException;
}
