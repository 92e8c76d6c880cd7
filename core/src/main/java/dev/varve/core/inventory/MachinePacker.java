package dev.varve.core.inventory;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.Progress;
import dev.varve.core.ovf.OvfDisk;
import dev.varve.core.ovf.OvfMachine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** A port: puts a machine into a package, a file. Any thread; blocks. */
public interface MachinePacker {

  /** The package. */
  Path file();

  /** Whether a package that is there is replaced. */
  boolean replaces();

  /**
   * Writes the package. It appears whole or not at all.
   *
   * @param machine its disks have the names of their files
   * @param contents what each of the disks shows
   * @param announcement called before the file gets its name
   * @throws java.util.concurrent.CancellationException if {@code progress} said so
   */
  void pack(
      OvfMachine machine,
      Map<OvfDisk, ImageChain> contents,
      Progress progress,
      Announcement announcement)
      throws IOException;
}
