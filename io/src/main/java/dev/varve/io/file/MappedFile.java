package dev.varve.io.file;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.io.posix.BlockDeviceFacts;
import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * An image in a file of the host, mapped once for its whole reach and locked against QEMU's
 * programs and other Varves. Thread-safe; {@link ImageFile} says what blocks.
 *
 * <p>Opening costs the same whatever the size of the file; a mapping of 64 TiB takes address space
 * and nothing else. Whether pages are in memory is known only for files that the process owns or
 * may write to; for others the kernel calls every page resident, and so does {@link #resident}.
 *
 * <p>Thread-safe, as {@link ImageFile} says; opening blocks.
 */
public final class MappedFile implements ImageFile {
  /**
   * Writes are cut at multiples of this, because the page cache makes one folio of each:
   * package-info says what large ones cost.
   */
  private static final long FOLIO = 64 << 10;

  private static final int WRITE_BACK_AND_WAIT =
      Posix.SYNC_FILE_RANGE_WAIT_BEFORE
          | Posix.SYNC_FILE_RANGE_WRITE
          | Posix.SYNC_FILE_RANGE_WAIT_AFTER;

  /** What is open, and how. */
  enum Kind {
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
  private final FileSpace space;

  private final FileGuard guard;
  private volatile @Nullable IOException syncFailure;
  private volatile boolean closed;

  /** Whether the file system may be able to write without waiting: tried until it says no. */
  private volatile boolean triesToWrite = true;

  private final long fileSystem;

  /** Replaced once, if the file was opened for reading and must be written later. */
  private volatile int fd;

  private boolean writable;

  /** Whether it is locked for writing now. */
  private boolean writing;

  /** How many users there are; the last to close it closes the file. */
  private int users = 1;

  /** Calls of {@link #refreshResidency}, one a second from each user. */
  private int refreshes;

  /** The descriptor for reading that was replaced, which may still be in use. -1: none. */
  private int replaced = -1;

  MappedFile(
      Path path,
      int fd,
      boolean writable,
      Kind kind,
      Arena arena,
      MemorySegment mapping,
      long length,
      long fileSystem) {
    this.fileSystem = fileSystem;
    this.path = path;
    this.fd = fd;
    this.writable = writable;
    this.writing = writable;
    this.kind = kind;
    this.arena = arena;
    this.mapping = mapping.asReadOnly();
    this.residency = new Residency(mapping);
    this.space = new FileSpace(this);
    this.guard = new FileGuard(path.toString(), length, this::lengthNow, System::nanoTime);
  }

  /** Of a device the driver knows, and fails what goes past its end. */
  private long lengthNow() throws IOException {
    if (kind != Kind.FILE) return Long.MAX_VALUE;
    try {
      return Posix.knownLength(descriptor());
    } catch (PosixException e) {
      throw failed("asking for the length", e);
    }
  }

  /**
   * Opens an image that others may read at the same time, and none may write.
   *
   * @param reach how much of the file the mapping shall cover at least, even if it grows; a file
   *     that is longer is covered whole. Where the address space has no room the mapping is
   *     shorter.
   * @throws ImageInUseException if it is open for writing elsewhere
   */
  public static MappedFile openReadOnly(Path path, long reach) throws IOException {
    return FileOpening.image(path, Posix.O_RDONLY, reach);
  }

  /**
   * Opens a file that may have been put where it is by another user: one that is a link, or becomes
   * one at any moment, is not followed.
   *
   * @throws ImageInUseException as {@link #openReadOnly}
   */
  public static MappedFile openPlain(Path path) throws IOException {
    return FileOpening.plain(path);
  }

  /** Opens an image to look at it, also while it is written, here or elsewhere: takes no lock. */
  public static MappedFile openUnlocked(Path path) throws IOException {
    return FileOpening.unlocked(path);
  }

  /**
   * Opens an image that no other opener may read or write.
   *
   * @param reach as for {@link #openReadOnly}
   * @throws ImageInUseException if another has it open, or a process that takes no locks has it
   *     open for writing, see {@link OtherWriters}
   */
  public static MappedFile openReadWrite(Path path, long reach) throws IOException {
    return FileOpening.image(path, Posix.O_RDWR, reach);
  }

  /**
   * Opens a block device of the host, which is a file of a fixed length without holes. One that is
   * opened for writing is claimed: it cannot be mounted or claimed meanwhile, but programs that ask
   * for no claim can still open it. {@link #punch} and {@link #zero} take whole sectors only.
   *
   * @throws ImageInUseException if it is mounted, claimed or locked
   * @throws IOException it cannot be opened, or not for writing
   */
  public static MappedFile openDevice(Path path, boolean write) throws IOException {
    return FileOpening.device(path, write);
  }

  /**
   * Opens a block device past the page cache and claims it: for writing, if its driver allows that.
   * All requests are of whole sectors, from and to memory that is aligned to 4 KiB; the mapping is
   * of no use.
   *
   * @throws ImageInUseException as {@link #openDevice}
   */
  public static MappedFile openDirect(Path path) throws IOException {
    return FileOpening.direct(path);
  }

  /**
   * Checks whether a file or device could be opened, without locking it or keeping it open, and
   * without waiting for a disc.
   *
   * @param write whether it must be writable
   * @throws ImageInUseException if it is locked against that
   * @throws IOException it cannot be read
   */
  public static void checkFree(Path path, boolean write) throws IOException {
    FileOpening.checkFree(path, write);
  }

  @Override
  public String name() {
    return path.toString();
  }

  /** Leads to the open file, whatever its name is now. */
  Path self() throws IOException {
    return Path.of("/proc/self/fd/" + descriptor());
  }

  /** Gives a file its first name, see {@link FileOpening#nameless}. */
  void link(Path name) throws IOException {
    Posix.link(descriptor(), name);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Always true of a device: one that is unplugged and plugged in again has another node.
   */
  @Override
  public boolean isInPlace() throws IOException {
    if (isDevice()) return true;
    try {
      return Files.isSameFile(path, self());
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

  @Override
  public boolean reaches(long end) throws IOException {
    try {
      return (isDevice()
              ? BlockDeviceFacts.of(descriptor()).capacity()
              : Posix.knownLength(descriptor()))
          >= end;
    } catch (PosixException e) {
      throw failed("asking for the length", e);
    }
  }

  @Override
  public long fileSystem() {
    return fileSystem;
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
    if (offset <= guard.known() - length) return true;
    try {
      return reaches(offset + length);
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
              + ", but "
              + destination.byteSize()
              + " bytes at "
              + offset
              + " were needed: the file was cut, or never had them");
    }
  }

  @Override
  public void write(long offset, MemorySegment source) throws IOException {
    write(offset, source, 0, source.byteSize());
  }

  private void write(long offset, MemorySegment memory, long from, long length) throws IOException {
    guard.beforeWrite(offset + length);
    try {
      if (length <= FOLIO) {
        Posix.pwrite(descriptor(), memory, from, length, offset);
      } else {
        writeInPieces(offset, memory, from, length);
      }
      guard.grown(offset + length);
    } catch (PosixException e) {
      throw failed("writing", offset, length, e);
    }
  }

  @Override
  public boolean tryWrite(long offset, MemorySegment memory, long from, long length)
      throws IOException {
    if (!triesToWrite || length > FOLIO) {
      write(offset, memory, from, length);
      return true;
    }
    guard.beforeWrite(offset + length);
    try {
      return Posix.tryPwrite(descriptor(), memory, from, length, offset) == length;
    } catch (PosixException e) {
      if (!e.notSupported()) throw failed("writing", offset, length, e);
      triesToWrite = false;
      return tryWrite(offset, memory, from, length);
    }
  }

  private void writeInPieces(long offset, MemorySegment memory, long from, long length)
      throws IOException {
    for (long done = 0, piece; done < length; done += piece) {
      piece = Math.min(length - done, FOLIO - (offset + done) % FOLIO);
      Posix.pwrite(descriptor(), memory, from + done, piece, offset + done);
    }
  }

  @Override
  public void reserve(long offset, long length) throws IOException {
    guard.requireIntact();
    space.reserve(offset, length);
    guard.grown(offset + length);
  }

  @Override
  public void punch(long offset, long length) throws IOException {
    guard.requireIntact();
    space.punch(offset, length);
  }

  @Override
  public long givenBack() {
    return space.givenBack();
  }

  @Override
  public boolean punchesHoles() throws IOException {
    return space.punchesHoles();
  }

  @Override
  public void zero(long offset, long length) throws IOException {
    guard.requireIntact();
    space.zero(offset, length);
  }

  @Override
  public long nextData(long offset, long end) throws IOException {
    return space.nextData(offset, end);
  }

  @Override
  public long nextHole(long offset, long end) throws IOException {
    return space.nextHole(offset, end);
  }

  /** Lengthens the file, if it is shorter. */
  synchronized void extend(long length) throws IOException {
    if (length() < length) setLength(length);
  }

  @Override
  public synchronized void setLength(long length) throws IOException {
    guard.requireIntact();
    guard.cutHere(length, this::cut);
  }

  private void cut(long length) throws IOException {
    residency.cut(length);
    try {
      Posix.ftruncate(descriptor(), length);
    } catch (PosixException e) {
      throw failed("setting the length to " + length, e);
    }
  }

  @Override
  public void requireIntact() throws IOException {
    guard.requireIntact();
  }

  @Override
  public void refuseChanges(IOException why) {
    guard.refuse(why);
  }

  @Override
  public @Nullable IOException damage() {
    IOException lost = lostEarlier();
    return lost == null ? guard.damage() : lost;
  }

  /**
   * {@inheritDoc}
   *
   * <p>After a failure every later call fails too: the kernel has forgotten which pages it could
   * not write, and would call the next attempt a success.
   */
  @Override
  public void sync() throws IOException {
    requireNothingLost();
    try {
      Posix.fdatasync(descriptor());
    } catch (PosixException e) {
      syncFailure = failed("making durable", e);
      throw syncFailure;
    }
    guard.requireIntact();
  }

  @Override
  public void writeBack() throws IOException {
    requireNothingLost();
    try {
      Posix.syncFileRange(descriptor(), 0, 0, WRITE_BACK_AND_WAIT);
    } catch (PosixException e) {
      if (e.notSupported() || e.errno() == Posix.EINVAL) return; // then the sync does it
      syncFailure = failed("writing back", e);
      throw syncFailure;
    }
  }

  private void requireNothingLost() throws IOException {
    IOException lost = lostEarlier();
    if (lost != null) throw lost;
  }

  private @Nullable IOException lostEarlier() {
    IOException earlier = syncFailure;
    return earlier == null
        ? null
        : new IOException(
            path + ": an earlier sync lost writes; close the image and check it", earlier);
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
    try {
      guard.requireIntact();
    } catch (IOException e) {
      residency.cut(guard.known());
      throw e;
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
              + " disks of this process, but a writer allows no readers: power down the machines"
              + " that use it first");
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
    return switch (kind) {
      case DEVICE -> FileOpening.claimToWrite(same, path);
      case DIRECT -> throw FileOpening.onlyReadable(path); // else it was opened for writing
      case FILE -> {
        OtherWriters.refuse(path);
        try {
          yield Posix.open(same, Posix.O_RDWR | Posix.O_CLOEXEC, 0);
        } catch (PosixException e) {
          throw failed("opening for writing", e);
        }
      }
    };
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
   * Takes one more user, which closes it too.
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
  int descriptor() throws IOException {
    if (closed) throw new IOException(path + " is closed");
    return fd;
  }

  IOException failed(String doing, long offset, long length, PosixException e) {
    return failed(doing + " " + length + " bytes at " + offset, e);
  }

  IOException failed(String doing, PosixException e) {
    String what = path + ": " + doing + " failed in " + e.getMessage();
    if (!e.outOfSpace()) return new IOException(what, e);
    IOException full =
        new OutOfSpaceException(what + "; free space there or raise the quota, then try again");
    full.initCause(e);
    return full;
  }
}
