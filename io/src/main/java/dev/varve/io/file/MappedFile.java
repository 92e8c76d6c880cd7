package dev.varve.io.file;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.io.posix.BlockDeviceFacts;
import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * An image in a file of the host, mapped once for its whole reach and locked against QEMU's
 * programs and other Varves.
 *
 * <p>Opening costs the same whatever the size of the file; a mapping of 64 TiB takes address space
 * and nothing else. Whether pages are in memory is known only for files that the process owns or
 * may write to; for others the kernel calls every page resident, and so does {@link #resident}.
 */
public final class MappedFile implements ImageFile {
  private static final int OWNER_READS_AND_WRITES = 0600;
  private static final long ZEROES_LENGTH = 1 << 20;

  /**
   * Writes are cut at multiples of this, because the page cache makes one folio of each:
   * package-info says what large ones cost.
   */
  private static final long FOLIO = 64 << 10;

  /**
   * A file is locked by the kernel while a hole is punched, 0.4 ms for each MiB that was written:
   * this is how long a small write, perhaps on an event loop, may have to wait.
   */
  private static final long PUNCHED_AT_ONCE = 4 << 20;

  /**
   * Space that is zeroed but kept is zeroed in pieces of this: each locks the file as a whole, and
   * costs a little however long it is.
   */
  private static final long ZEROED_AT_ONCE = 64 << 20;

  /** What is written where a file system cannot punch holes. */
  private static final MemorySegment ZEROES =
      Arena.global().allocate(ZEROES_LENGTH, Posix.PAGE_SIZE);

  /** What is open, and how. */
  private enum Kind {
    FILE,
    DEVICE,
    /** A device past the page cache. */
    DIRECT
  }

  private final Path path;
  private final Kind kind;
  private final Arena arena;
  private final MemorySegment mapping;
  private final Residency residency;
  private final ReadAhead readAhead = new ReadAhead();
  private final LongAdder givenBack = new LongAdder();

  /**
   * The length when the owner last set or refreshed it: the file is at least as long, or somebody
   * else has cut it.
   */
  private volatile long knownLength;

  private volatile @Nullable IOException syncFailure;
  private volatile boolean closed;

  /** Replaced once, if the file was opened for reading and is to be written. */
  private volatile int fd;

  private boolean writable;

  /** Whether it is locked for writing now. */
  private boolean writing;

  /** How many have to close it before it is. */
  private int users = 1;

  /** Calls of {@link #refreshResidency}, one a second from each user. */
  private int refreshes;

  /** The descriptor for reading that was replaced: somebody may still be using it. -1: none. */
  private int replaced = -1;

  private MappedFile(
      Path path,
      int fd,
      boolean writable,
      Kind kind,
      Arena arena,
      MemorySegment mapping,
      long length) {
    this.path = path;
    this.fd = fd;
    this.writable = writable;
    this.writing = writable;
    this.kind = kind;
    this.arena = arena;
    this.mapping = mapping.asReadOnly();
    this.residency = new Residency(mapping);
    this.knownLength = length;
  }

  /**
   * Opens an image that others may read at the same time, and nobody may write.
   *
   * @param reach how much of the file the mapping shall cover at least, even if it grows; a file
   *     that is longer is covered whole. Where the address space has no room the mapping is
   *     shorter.
   * @throws ImageInUseException if somebody has it open for writing
   */
  public static MappedFile openReadOnly(Path path, long reach) throws IOException {
    return open(path, Posix.O_RDONLY, reach);
  }

  /**
   * Opens an image that nobody else may read or write.
   *
   * @param reach as for {@link #openReadOnly}
   * @throws ImageInUseException if somebody has it open
   */
  public static MappedFile openReadWrite(Path path, long reach) throws IOException {
    return open(path, Posix.O_RDWR, reach);
  }

  /**
   * Creates an empty file, which only its owner may read and write, and opens it as {@link
   * #openReadWrite} does. The name is durable when this returns. When it fails there is no file,
   * unless there was one before.
   */
  public static MappedFile createNew(Path path, long reach) throws IOException {
    int fd =
        Posix.open(
            path,
            Posix.O_RDWR | Posix.O_CREAT | Posix.O_EXCL | Posix.O_CLOEXEC,
            OWNER_READS_AND_WRITES);
    MappedFile file = null;
    try {
      file = lockAndMap(path, fd, true, reach, Kind.FILE);
      syncFolder(path);
      return file;
    } catch (Throwable e) {
      if (file != null) file.close();
      Files.deleteIfExists(path);
      throw e;
    }
  }

  /**
   * Opens a block device of the host, which is a file of a fixed length without holes. One that is
   * opened for writing is claimed: nobody can mount it or claim it meanwhile, but programs that ask
   * for no claim can still open it. {@link #punch} and {@link #zero} take whole sectors only.
   *
   * @throws ImageInUseException if it is mounted, or claimed or locked by somebody
   * @throws IOException it cannot be opened, or not for writing
   */
  public static MappedFile openDevice(Path path, boolean write) throws IOException {
    int fd = write ? claimToWrite(path, path) : claim(path, path, Posix.O_RDONLY);
    return lockAndMap(path, fd, write, 0, Kind.DEVICE);
  }

  /**
   * Opens a block device past the page cache and claims it: for writing, if its driver allows that.
   * All requests are of whole sectors, from and to memory that is aligned to 4 KiB; the mapping is
   * of no use.
   *
   * @throws ImageInUseException as {@link #openDevice}
   */
  public static MappedFile openDirect(Path path) throws IOException {
    int fd = claim(path, path, Posix.O_RDONLY | Posix.O_EXCL | Posix.O_DIRECT);
    boolean write = !isReadOnlyDevice(fd);
    if (write) {
      Posix.close(fd);
      fd = claim(path, path, Posix.O_RDWR | Posix.O_EXCL | Posix.O_DIRECT);
    }
    return lockAndMap(path, fd, write, 0, Kind.DIRECT);
  }

  private static int claimToWrite(Path device, Path name) throws IOException {
    int fd = claim(device, name, Posix.O_RDWR | Posix.O_EXCL);
    if (!isReadOnlyDevice(fd)) return fd;
    Posix.close(fd);
    throw new IOException(name + " can only be read, says its driver: attach it read-only");
  }

  /**
   * @param name of the device, in messages
   */
  private static int claim(Path device, Path name, int access) throws IOException {
    try {
      return Posix.open(device, access | Posix.O_CLOEXEC, 0);
    } catch (PosixException e) {
      if (e.errno() != Posix.EBUSY) throw e;
      throw new ImageInUseException(
          name
              + " is in use by the host, which has mounted it or a partition of it, or by another"
              + " program that has claimed it: unmount or close it there first");
    }
  }

  /**
   * Looks whether a file or device could be opened, without locking it or keeping it open, and
   * without waiting for a disc.
   *
   * @param write whether it is to be written
   * @throws ImageInUseException if somebody has it locked against that
   * @throws IOException it cannot be read
   */
  public static void checkFree(Path path, boolean write) throws IOException {
    int fd = Posix.open(path, Posix.O_RDONLY | Posix.O_NONBLOCK | Posix.O_CLOEXEC, 0);
    try {
      ImageLock.lookAround(fd, path, write);
    } finally {
      Posix.close(fd);
    }
  }

  private static boolean isReadOnlyDevice(int fd) throws PosixException {
    try {
      return BlockDeviceFacts.of(fd).readOnly();
    } catch (PosixException e) {
      Posix.close(fd);
      throw e;
    }
  }

  private static MappedFile open(Path path, int access, long reach) throws IOException {
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw new IOException(path + " is not a regular file, as an image must be");
    }
    int fd = Posix.open(path, access | Posix.O_CLOEXEC, 0);
    return lockAndMap(path, fd, access == Posix.O_RDWR, reach, Kind.FILE);
  }

  /** Takes over {@code fd}: it is closed when this fails. */
  private static MappedFile lockAndMap(Path path, int fd, boolean write, long reach, Kind kind)
      throws IOException {
    Arena arena = Arena.ofShared();
    try {
      ImageLock.take(fd, path, write);
      long length = Posix.length(fd);
      MemorySegment mapping = map(fd, length, Math.max(reach, length), arena);
      Posix.fadvise(fd, 0, 0, Posix.POSIX_FADV_RANDOM); // why: see package-info
      return new MappedFile(path, fd, write, kind, arena, mapping, length);
    } catch (Throwable e) {
      arena.close();
      Posix.close(fd);
      throw e;
    }
  }

  /**
   * Maps the reach, or what the address space has room for: half as often as needed, but the file
   * whole if possible.
   */
  private static MemorySegment map(int fd, long length, long reach, Arena arena)
      throws PosixException {
    long covered = wholePieces(reach);
    while (true) {
      try {
        return Posix.mmap(fd, covered).reinterpret(arena, MappedFile::unmap);
      } catch (PosixException e) {
        if (e.errno() != Posix.ENOMEM || covered <= Residency.PIECE) throw e;
        long half = wholePieces(covered / 2);
        covered = covered > wholePieces(length) ? Math.max(half, wholePieces(length)) : half;
      }
    }
  }

  private static long wholePieces(long length) {
    return Math.max(1, Math.ceilDiv(length, Residency.PIECE)) * Residency.PIECE;
  }

  private static void unmap(MemorySegment mapping) {
    try {
      Posix.munmap(mapping);
    } catch (PosixException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void syncFolder(Path path) throws IOException {
    int folder =
        Posix.open(path.resolveSibling("").toAbsolutePath(), Posix.O_RDONLY | Posix.O_CLOEXEC, 0);
    try {
      Posix.fsync(folder);
    } finally {
      Posix.close(folder);
    }
  }

  @Override
  public String name() {
    return path.toString();
  }

  /** A device that is plugged in again has another node: it is always called in place. */
  @Override
  public boolean isInPlace() throws IOException {
    if (kind == Kind.DEVICE) return true;
    try {
      return Files.isSameFile(path, Path.of("/proc/self/fd/" + descriptor()));
    } catch (NoSuchFileException _) {
      return false;
    }
  }

  @Override
  public long length() throws IOException {
    try {
      return Posix.length(descriptor());
    } catch (PosixException e) {
      throw failed("asking for the length", e);
    }
  }

  /** Whether it is a block device of the host. */
  public boolean isDevice() {
    return kind != Kind.FILE;
  }

  /** What the kernel says of a block device that was opened with {@link #openDevice}. May block. */
  public BlockDeviceFacts deviceFacts() throws IOException {
    return BlockDeviceFacts.of(descriptor());
  }

  @Override
  public MemorySegment mapping() {
    return mapping;
  }

  @Override
  public boolean resident(long offset, long length) {
    return inside(offset, length) && residency.contains(offset, length);
  }

  /**
   * Whether the file has the range. The kernel calls what is past the end resident where a large
   * folio straddles it, yet reading it there faults.
   */
  private boolean inside(long offset, long length) {
    if (offset <= knownLength - length) return true;
    try {
      return offset <= length() - length;
    } catch (IOException _) {
      return false; // closed
    }
  }

  @Override
  public void read(long offset, MemorySegment destination) throws IOException {
    long read;
    try {
      read = Posix.pread(descriptor(), destination, offset);
    } catch (PosixException e) {
      throw failed("reading", offset, destination.byteSize(), e);
    }
    if (kind != Kind.DIRECT && readAhead.read(offset, read))
      prefetch(offset + read, ReadAhead.AHEAD);
    if (read < destination.byteSize()) {
      throw new EOFException(
          path
              + " ends at "
              + (offset + read)
              + ", within the "
              + destination.byteSize()
              + " bytes at "
              + offset
              + " that were to be read: it was cut, or never had them");
    }
  }

  @Override
  public void write(long offset, MemorySegment source) throws IOException {
    try {
      long length = source.byteSize();
      if (length <= FOLIO) {
        Posix.pwrite(descriptor(), source, offset);
      } else {
        writeInPieces(offset, source, length);
      }
    } catch (PosixException e) {
      throw failed("writing", offset, source.byteSize(), e);
    }
  }

  private void writeInPieces(long offset, MemorySegment source, long length) throws IOException {
    for (long done = 0, piece; done < length; done += piece) {
      piece = Math.min(length - done, FOLIO - (offset + done) % FOLIO);
      Posix.pwrite(descriptor(), source.asSlice(done, piece), offset + done);
    }
  }

  @Override
  public void reserve(long offset, long length) throws IOException {
    if (length == 0) return;
    try {
      Posix.fallocate(descriptor(), 0, offset, length);
    } catch (PosixException e) {
      if (!e.notSupported()) throw failed("reserving", offset, length, e);
      extend(offset + length);
    }
  }

  /**
   * Where space cannot be reserved, at least lengthens the file: there a full disk shows at the
   * write, which is by position and fails in order.
   */
  private synchronized void extend(long length) throws IOException {
    if (length() < length) setLength(length);
  }

  @Override
  public void punch(long offset, long length) throws IOException {
    for (long done = 0, piece; done < length; done += piece) {
      piece = Math.min(PUNCHED_AT_ONCE, length - done);
      punchOnce(offset + done, piece);
    }
  }

  private void punchOnce(long offset, long length) throws IOException {
    try {
      long before = Posix.allocatedBytes(descriptor());
      // The kernel zeroes what is left of pages and blocks at the ends, and leaves the length
      // alone.
      Posix.fallocate(
          descriptor(), Posix.FALLOC_FL_PUNCH_HOLE | Posix.FALLOC_FL_KEEP_SIZE, offset, length);
      // Of a device only its driver knows what it had.
      long freed = kind != Kind.FILE ? length : before - Posix.allocatedBytes(descriptor());
      givenBack.add(Math.clamp(freed, 0, length));
    } catch (PosixException e) {
      if (!e.notSupported()) throw failed("punching a hole into", offset, length, e);
      zero(offset, Math.min(length, length() - offset));
    }
  }

  @Override
  public long givenBack() {
    return givenBack.sum();
  }

  @Override
  public boolean punchesHoles() throws IOException {
    try {
      long behind = wholePieces(length()); // nothing is there
      int mode = Posix.FALLOC_FL_PUNCH_HOLE | Posix.FALLOC_FL_KEEP_SIZE;
      Posix.fallocate(descriptor(), mode, behind, Posix.PAGE_SIZE);
      return true;
    } catch (PosixException e) {
      if (e.notSupported()) return false;
      throw failed("trying to punch a hole behind the end", e);
    }
  }

  @Override
  public void zero(long offset, long length) throws IOException {
    for (long done = 0, piece; done < length; done += piece) {
      piece = Math.min(ZEROED_AT_ONCE, length - done);
      zeroOnce(offset + done, piece);
    }
  }

  private void zeroOnce(long offset, long length) throws IOException {
    try {
      Posix.fallocate(
          descriptor(), Posix.FALLOC_FL_ZERO_RANGE | Posix.FALLOC_FL_KEEP_SIZE, offset, length);
    } catch (PosixException e) {
      if (!e.notSupported()) throw failed("zeroing", offset, length, e);
      writeZeroes(offset, offset + length);
    }
  }

  private void writeZeroes(long offset, long end) throws IOException {
    for (long run; offset < end; offset += run) {
      run = Math.min(ZEROES_LENGTH, end - offset);
      write(offset, ZEROES.asSlice(0, run));
    }
  }

  @Override
  public synchronized void setLength(long length) throws IOException {
    knownLength = Math.min(knownLength, length); // from here on what goes away is not resident
    residency.cut(length);
    try {
      Posix.ftruncate(descriptor(), length);
    } catch (PosixException e) {
      throw failed("setting the length to " + length, e);
    }
    knownLength = length;
  }

  @Override
  public long nextData(long offset, long end) throws IOException {
    if (offset >= end) return end;
    try {
      return Math.min(Posix.lseek(descriptor(), offset, Posix.SEEK_DATA), end);
    } catch (PosixException e) {
      return switch (e.errno()) {
        case Posix.ENXIO -> end; // nothing but a hole, or nothing at all, from here on
        case Posix.EINVAL, Posix.EOPNOTSUPP -> offset; // cannot tell holes: everything is data
        default -> throw failed("looking for data after " + offset, e);
      };
    }
  }

  @Override
  public long nextHole(long offset, long end) throws IOException {
    if (offset >= end) return end;
    try {
      return Math.min(Posix.lseek(descriptor(), offset, Posix.SEEK_HOLE), end);
    } catch (PosixException e) {
      return switch (e.errno()) {
        case Posix.ENXIO -> offset; // the file ends before
        case Posix.EINVAL, Posix.EOPNOTSUPP -> end; // cannot tell holes: everything is data
        default -> throw failed("looking for a hole after " + offset, e);
      };
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>After a failure every later call fails too: the kernel has forgotten which pages it could
   * not write, and would call the next attempt a success.
   */
  @Override
  public void sync() throws IOException {
    IOException earlier = syncFailure;
    if (earlier != null) {
      throw new IOException(
          path + " lost writes when it was made durable earlier: close it, and check it", earlier);
    }
    try {
      Posix.fdatasync(descriptor());
    } catch (PosixException e) {
      syncFailure = failed("making durable", e);
      throw syncFailure;
    }
  }

  @Override
  public void prefetch(long offset, long length) throws IOException {
    try {
      Posix.fadvise(descriptor(), offset, length, Posix.POSIX_FADV_WILLNEED);
    } catch (PosixException e) {
      throw failed("prefetching", offset, length, e);
    }
  }

  @Override
  public synchronized void refreshResidency() throws IOException {
    if (closed || ++refreshes % users != 0) return;
    residency.refresh();
    long length = length();
    long before = knownLength;
    knownLength = length;
    if (length < before) {
      residency.cut(length);
      throw new IOException(
          path
              + " is "
              + length
              + " bytes long and was "
              + before
              + " before: another program has cut it while it was open here");
    }
  }

  @Override
  public synchronized void allowWriting() throws IOException {
    int reader = descriptor();
    if (users > 1) {
      throw new ImageInUseException(
          path
              + " is open for reading in "
              + users
              + " disks of this process, and can have one writer and no readers: power down the"
              + " machines that use it first");
    }
    if (writable) {
      ImageLock.upgrade(reader, reader, path);
      writing = true;
      return;
    }
    int writer = reopen(reader);
    try {
      Posix.fadvise(writer, 0, 0, Posix.POSIX_FADV_RANDOM);
      ImageLock.upgrade(reader, writer, path);
    } catch (Throwable e) {
      Posix.close(writer);
      throw e;
    }
    replaced = reader;
    fd = writer;
    writable = true;
    writing = true;
  }

  /** Under this name the kernel opens the very same file, wherever it was moved. */
  private int reopen(int reader) throws IOException {
    Path same = Path.of("/proc/self/fd/" + reader);
    if (kind == Kind.DEVICE) return claimToWrite(same, path);
    try {
      return Posix.open(same, Posix.O_RDWR | Posix.O_CLOEXEC, 0);
    } catch (PosixException e) {
      throw failed("opening for writing", e);
    }
  }

  @Override
  public synchronized void onlyRead() throws IOException {
    try {
      ImageLock.downgrade(descriptor());
      writing = false;
    } catch (PosixException e) {
      throw failed("unlocking", e);
    }
  }

  @Override
  public synchronized void close() throws IOException {
    if (closed || --users > 0) return;
    arena.close();
    closed = true;
    try {
      ImageLock.release(fd);
    } catch (PosixException e) {
      throw failed("unlocking", e);
    } finally {
      closeDescriptor();
    }
  }

  private void closeDescriptor() throws IOException {
    try {
      if (replaced >= 0) Posix.close(replaced);
      Posix.close(fd);
    } catch (PosixException e) {
      throw failed("closing", e);
    }
  }

  /**
   * Takes one more user, who closes it too.
   *
   * @param reach what the user needs of the mapping
   * @return false if it is closed, written, or mapped too short
   */
  synchronized boolean share(long reach) {
    if (closed || writing || mapping.byteSize() < reach) return false;
    users++;
    return true;
  }

  boolean isClosed() {
    return closed;
  }

  /** The descriptor's number, which after closing may belong to another file. */
  private int descriptor() throws IOException {
    if (closed) throw new IOException(path + " is closed");
    return fd;
  }

  private IOException failed(String doing, long offset, long length, PosixException e) {
    return failed(doing + " " + length + " bytes at " + offset, e);
  }

  private IOException failed(String doing, PosixException e) {
    String what = path + ": " + doing + " failed in " + e.getMessage();
    if (!e.outOfSpace()) return new IOException(what, e);
    IOException full =
        new OutOfSpaceException(what + "; free space there or raise the quota, then try again");
    full.initCause(e);
    return full;
  }
}
