package dev.varve.io.host;

import dev.varve.io.file.ImageFile;
import dev.varve.io.file.MappedFile;
import dev.varve.io.posix.BlockDeviceFacts;
import dev.varve.io.posix.Posix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * An open raw file or block device of the host, and its unchanging properties. Immutable; the file
 * is thread-safe.
 *
 * @param file the bytes of the disk
 * @param capacity in bytes, at least 1
 * @param blockSize in bytes, a power of two: the best alignment of requests
 * @param sectorSize the smallest unit in which a device can be written, in bytes; 1 for a file
 * @param residencyIsKnown whether {@link ImageFile#resident} can be relied on
 * @param givesSpaceBack whether a discard gives space back to the host; if not, it only writes
 *     zeroes. False for a medium that was opened for reading
 */
public record RawMedium(
    ImageFile file,
    long capacity,
    int blockSize,
    int sectorSize,
    boolean residencyIsKnown,
    boolean givesSpaceBack) {

  private static final int LARGEST_BLOCK = 32 << 20;

  /**
   * Opens a file or a block device. May wait for the medium.
   *
   * @throws dev.varve.io.file.ImageInUseException if another process writes to it, or, unless
   *     {@code readOnly}, has it open at all
   * @throws IOException if it is missing, empty, neither a file nor a block device, or cannot be
   *     written
   */
  public static RawMedium open(Path path, boolean readOnly) throws IOException {
    MappedFile file = openFile(path, readOnly);
    try {
      return of(path, file, readOnly);
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  /** Opens only the file or device, even if it is empty. Otherwise as {@link #open}. */
  public static MappedFile openFile(Path path, boolean readOnly) throws IOException {
    try {
      if (BlockDeviceFacts.isBlockDevice(path)) return MappedFile.openDevice(path, !readOnly);
    } catch (NoSuchFileException e) {
      throw new IOException(path + ": there is no such file or device", e);
    }
    return readOnly ? MappedFile.openReadOnly(path, 0) : MappedFile.openReadWrite(path, 0);
  }

  /** The medium of an open file or device. May wait for the medium. */
  public static RawMedium of(Path path, ImageFile file, boolean readOnly) throws IOException {
    boolean residencyIsKnown = kernelTellsResidency(path);
    if (file instanceof MappedFile device && device.isDevice())
      return ofDevice(path, device, readOnly, residencyIsKnown);
    long capacity = file.length();
    checkNotEmpty(file, capacity);
    boolean givesSpaceBack = !readOnly && file.punchesHoles();
    return new RawMedium(file, capacity, Posix.PAGE_SIZE, 1, residencyIsKnown, givesSpaceBack);
  }

  /**
   * The medium of a device that is accessed past the host's page cache, so that nothing of it is
   * resident.
   */
  static RawMedium ofDirect(Path path, MappedFile file) throws IOException {
    return ofDevice(path, file, file.deviceFacts().readOnly(), false);
  }

  private static RawMedium ofDevice(
      Path path, MappedFile file, boolean readOnly, boolean residencyIsKnown) throws IOException {
    BlockDeviceFacts facts = file.deviceFacts();
    checkNotEmpty(file, facts.capacity());
    return new RawMedium(
        file,
        facts.capacity(),
        Math.clamp(facts.physicalSectorSize(), Posix.PAGE_SIZE, LARGEST_BLOCK),
        facts.sectorSize(),
        residencyIsKnown,
        !readOnly && BlockDeviceFacts.givesSpaceBack(path));
  }

  private static void checkNotEmpty(ImageFile file, long capacity) throws IOException {
    if (capacity == 0) {
      throw new IOException(file.name() + " has 0 bytes, but a disk has at least 1");
    }
  }

  /**
   * The kernel reports residency only to the owner of a file and to a process that may write to it.
   * To others it calls every page resident, and touching one may wait.
   */
  private static boolean kernelTellsResidency(Path path) throws IOException {
    return Files.isWritable(path)
        || Files.getAttribute(path, "unix:uid")
            .equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
  }

  /**
   * Fails if the medium has become shorter than {@code end}. May block.
   *
   * @param what for the message: what happened to the medium, and what to do
   */
  public void requireReach(long end, String what) throws IOException {
    if (file.reaches(end)) return;
    long length = file.length();
    throw new IOException(
        "%s has %d bytes and had %d when it was opened: %s"
            .formatted(file.name(), length, capacity, what));
  }

  /** Whether it is a block device of the host. */
  public boolean isDevice() {
    return sectorSize > 1;
  }
}
