package dev.varve.io.posix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the kernel says of an open block device. Immutable.
 *
 * @param capacity in bytes; 0 where there is no medium
 * @param sectorSize the smallest piece that can be written, in bytes: 512 or 4096, rarely others
 * @param physicalSectorSize what the medium itself writes at once, in bytes; at least {@code
 *     sectorSize}
 * @param readOnly whether the kernel refuses to write to it
 */
public record BlockDeviceFacts(
    long capacity, int sectorSize, int physicalSectorSize, boolean readOnly) {

  // linux/fs.h, the same numbers on x86_64 and aarch64.
  private static final long BLKROGET = 0x125e;
  private static final long BLKSSZGET = 0x1268;
  private static final long BLKPBSZGET = 0x127b;
  private static final long BLKGETSIZE64 = 0x8008_1272L;

  private static final int S_IFMT = 0xf000;
  private static final int S_IFBLK = 0x6000;

  private static final MethodHandle IOCTL =
      Posix.variadic("ioctl", 2, JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS);

  /**
   * Asks about the device behind a descriptor; does not wait for a medium. Fails with {@code
   * ENOTTY} if it is no block device.
   */
  public static BlockDeviceFacts of(int fd) throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment answer = arena.allocate(JAVA_LONG);
      ask(fd, BLKGETSIZE64, "BLKGETSIZE64", answer);
      long capacity = answer.get(JAVA_LONG, 0);
      return new BlockDeviceFacts(
          capacity,
          askInt(fd, BLKSSZGET, "BLKSSZGET", answer),
          askInt(fd, BLKPBSZGET, "BLKPBSZGET", answer),
          askInt(fd, BLKROGET, "BLKROGET", answer) != 0);
    }
  }

  /** The capacity of a device in bytes; 0 where there is no medium. Does not wait for one. */
  public static long capacityOf(Path device) throws PosixException {
    int fd = Posix.open(device, Posix.O_RDONLY | Posix.O_NONBLOCK | Posix.O_CLOEXEC, 0);
    try {
      return of(fd).capacity();
    } finally {
      Posix.close(fd);
    }
  }

  /** Whether a path, followed through symbolic links, is a block device. */
  public static boolean isBlockDevice(Path path) throws IOException {
    return ((int) Files.getAttribute(path, "unix:mode") & S_IFMT) == S_IFBLK;
  }

  /**
   * Whether the device gives space back to its medium and promises that it reads as zeroes then.
   *
   * @param device the path of a disk or of a partition
   */
  public static boolean givesSpaceBack(Path device) throws IOException {
    long number = ((Number) Files.getAttribute(device, "unix:rdev")).longValue();
    long major = number >>> 8 & 0xfff | number >>> 32 & ~0xfffL;
    long minor = number & 0xff | number >>> 12 & ~0xffL;
    Path facts = Path.of("/sys/dev/block", major + ":" + minor).toRealPath();
    Path queue = facts.resolve("queue");
    if (!Files.exists(queue)) queue = facts.resolveSibling("queue"); // of a partition, its disk's
    return isAboveZero(queue.resolve("discard_max_bytes"))
        && isAboveZero(queue.resolve("write_zeroes_max_bytes"));
  }

  private static boolean isAboveZero(Path number) throws IOException {
    return Files.exists(number) && Long.parseLong(Files.readString(number).strip()) > 0;
  }

  private static int askInt(int fd, long question, String name, MemorySegment answer)
      throws PosixException {
    ask(fd, question, name, answer);
    return answer.get(JAVA_INT, 0);
  }

  private static void ask(int fd, long question, String name, MemorySegment answer)
      throws PosixException {
    try {
      MemorySegment state = Posix.STATE.get();
      while ((int) IOCTL.invokeExact(state, fd, question, answer) < 0) {
        Posix.retryOrFail("ioctl", " " + name, state);
      }
    } catch (Throwable e) {
      throw Posix.passOn(e);
    }
  }
}
