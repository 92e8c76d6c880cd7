package dev.varve.io.ova;

import dev.varve.core.inventory.MachinePacker;
import dev.varve.core.inventory.PackedMachine;
import dev.varve.io.storage.StorageThreads;
import java.nio.file.Path;

/** The packages that machines come from and go to. Any thread; nothing is opened or made yet. */
public final class Packages {

  private final StorageThreads threads;

  /**
   * @param threads run the reads of disks
   */
  public Packages(StorageThreads threads) {
    this.threads = threads;
  }

  /** A package that is there: an OVA, a descriptor with its disks beside it, or a Vagrant box. */
  public PackedMachine from(Path file) {
    return new PackageFile(file.toAbsolutePath().normalize(), threads);
  }

  /**
   * An OVA that will be made.
   *
   * @param replaces whether a file of that name is replaced
   * @param manifest whether a list of checksums is added
   */
  public MachinePacker to(Path file, boolean replaces, boolean manifest) {
    return new OvaFile(file.toAbsolutePath().normalize(), replaces, manifest, threads);
  }
}
