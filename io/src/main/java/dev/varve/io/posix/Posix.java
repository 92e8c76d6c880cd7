package dev.varve.io.posix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The system calls that Varve makes itself, on Linux for x86_64 and aarch64.
 *
 * <p>Every call runs on the calling thread and may block unless it says otherwise. It fails with a
 * {@link PosixException} that carries the host's error number; a call interrupted by a signal is
 * made again. Memory passed in must be native and is lent until the call returns; a closed or heap
 * segment is refused with the exceptions of {@link MemorySegment}. No call allocates on the Java
 * heap unless it fails. A descriptor is the caller's: nothing here remembers or closes one.
 */
public final class Posix {
  public static final int O_RDONLY = 0;
  public static final int O_RDWR = 2;
  public static final int O_CREAT = 0x40;
  public static final int O_EXCL = 0x80;
  public static final int O_NONBLOCK = 0x800;
  public static final int O_CLOEXEC = 0x80000;

  /** Past the page cache: whole sectors, from and to memory that is aligned like them. */
  public static final int O_DIRECT =
      System.getProperty("os.arch").equals("aarch64") ? 0x10000 : 0x4000;

  /** Fails with {@link #ELOOP} if the last name of the path is a symbolic link. */
  public static final int O_NOFOLLOW =
      System.getProperty("os.arch").equals("aarch64") ? 0x8000 : 0x20000;

  /** A file without a name in the folder that is opened, see {@link #link}. */
  public static final int O_TMPFILE =
      0x400000 | (System.getProperty("os.arch").equals("aarch64") ? 0x4000 : 0x10000);

  public static final int FALLOC_FL_KEEP_SIZE = 0x01;
  public static final int FALLOC_FL_PUNCH_HOLE = 0x02;
  public static final int FALLOC_FL_ZERO_RANGE = 0x10;

  public static final int SEEK_END = 2;
  public static final int SEEK_DATA = 3;
  public static final int SEEK_HOLE = 4;

  public static final int POSIX_FADV_NORMAL = 0;
  public static final int POSIX_FADV_RANDOM = 1;
  public static final int POSIX_FADV_WILLNEED = 3;
  public static final int POSIX_FADV_DONTNEED = 4;

  public static final int SYNC_FILE_RANGE_WAIT_BEFORE = 1;
  public static final int SYNC_FILE_RANGE_WRITE = 2;
  public static final int SYNC_FILE_RANGE_WAIT_AFTER = 4;

  /** Such a file or folder cannot be changed, not even by root. */
  public static final long STATX_ATTR_IMMUTABLE = 0x10;

  /** Such a file or folder can only be added to. */
  public static final long STATX_ATTR_APPEND = 0x20;

  public static final short F_RDLCK = 0;
  public static final short F_WRLCK = 1;
  public static final short F_UNLCK = 2;

  /** There is something to read. */
  static final int POLLIN = 1;

  /** The other end is closed. */
  static final int POLLHUP = 0x10;

  // struct pollfd: int fd, short events, short revents
  private static final int POLL_EVENTS = 4;
  private static final int POLL_FOUND = 6;

  public static final int SIGHUP = 1;

  /** Ignored by every program that does not ask for it. */
  public static final int SIGURG = 23;

  public static final int ENOENT = 2;
  public static final int EINTR = 4;
  public static final int EIO = 5;
  public static final int ENXIO = 6;
  public static final int EBADF = 9;
  public static final int EAGAIN = 11;

  /** {@link #flock}: excludes all others; ends by itself with the descriptor. */
  public static final int LOCK_EX = 2;

  private static final int LOCK_NB = 4;
  public static final int ENOMEM = 12;
  public static final int EACCES = 13;
  public static final int EFAULT = 14;
  public static final int EBUSY = 16;
  public static final int ELOOP = 40;
  public static final int EEXIST = 17;
  public static final int EXDEV = 18;
  public static final int EISDIR = 21;
  public static final int EINVAL = 22;
  public static final int EMFILE = 24;
  public static final int ENOTTY = 25;
  public static final int ENOSPC = 28;
  public static final int ENOSYS = 38;
  public static final int EOPNOTSUPP = 95;
  public static final int ECONNRESET = 104;
  public static final int EDQUOT = 122;

  private static final int PROT_READ = 1;
  private static final int MAP_SHARED = 0x01;
  private static final int MAP_NORESERVE = 0x4000;
  private static final int F_SETFL = 4;
  private static final int F_SETSIG = 10;
  private static final int F_SETLEASE = 1024;
  private static final int F_OFD_GETLK = 36;
  private static final int F_OFD_SETLK = 37;

  // struct flock: short l_type, short l_whence, (4 bytes unused), off_t l_start, off_t l_len, pid_t
  // l_pid
  private static final long FLOCK_SIZE = 32;
  private static final long FLOCK_START = 8;
  private static final long FLOCK_LENGTH = 16;

  // struct statx, the same on every architecture
  private static final long STATX_LENGTH = 256;
  private static final long STATX_BLKSIZE = 4;
  private static final long STATX_ATTRIBUTES = 8;
  private static final long STATX_MODE = 28;
  private static final long STATX_SIZE = 40;
  private static final long STATX_BLOCKS = 48;
  private static final long STATX_RDEV_MAJOR = 128;
  private static final long STATX_RDEV_MINOR = 132;
  private static final long STATX_DEV_MAJOR = 136;
  private static final long STATX_DEV_MINOR = 140;
  private static final int STATX_BASIC_STATS = 0x7ff;
  private static final int STATX_BLOCK = 512;
  private static final int AT_FDCWD = -100;
  private static final int AT_SYMLINK_NOFOLLOW = 0x100;
  private static final int AT_SYMLINK_FOLLOW = 0x400;
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int AT_STATX_SYNC_AS_STAT = 0;
  private static final int AT_STATX_DONT_SYNC = 0x4000;
  private static final int S_IFMT = 0xf000;
  private static final int S_IFBLK = 0x6000;

  // struct iovec: void* iov_base, size_t iov_len
  private static final long IOVEC_LENGTH = 8;

  private static final int RWF_NOWAIT = 8;
  private static final int RENAME_EXCHANGE = 2;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  private static final MethodHandle STRERROR =
      LINKER.downcallHandle(symbol("strerror"), FunctionDescriptor.of(ADDRESS, JAVA_INT));
  private static final MethodHandle OPEN =
      variadic("open", 2, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
  private static final MethodHandle CLOSE = call("close", JAVA_INT, JAVA_INT);
  private static final MethodHandle FLOCK = call("flock", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle PREAD =
      call("pread", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle PWRITE =
      call("pwrite", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle PWRITEV2 =
      call("pwritev2", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG, JAVA_INT);
  private static final MethodHandle POLL = call("poll", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
  private static final MethodHandle FALLOCATE =
      call("fallocate", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle FDATASYNC = call("fdatasync", JAVA_INT, JAVA_INT);
  private static final MethodHandle FSYNC = call("fsync", JAVA_INT, JAVA_INT);
  private static final MethodHandle FTRUNCATE = call("ftruncate", JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle STATX =
      call("statx", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS);
  private static final MethodHandle LINKAT =
      call("linkat", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT);
  private static final @Nullable MethodHandle RENAMEAT2 =
      LINKER.defaultLookup().find("renameat2").isPresent() // musl got it late
          ? call("renameat2", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT)
          : null;
  private static final MethodHandle LSEEK = call("lseek", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
  private static final MethodHandle MMAP =
      call("mmap", JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle MUNMAP = call("munmap", JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle MINCORE =
      call("mincore", JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS);
  private static final MethodHandle POSIX_FADVISE =
      call("posix_fadvise", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
  private static final MethodHandle SYNC_FILE_RANGE =
      call("sync_file_range", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
  private static final MethodHandle FCNTL_LOCK =
      variadic("fcntl", 2, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);
  private static final MethodHandle FCNTL_NUMBER =
      variadic("fcntl", 2, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);

  /**
   * Where a call leaves its errno. One per thread, because a call between writing and reading it
   * would spoil it.
   */
  static final ThreadLocal<MemorySegment> STATE =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CALL_STATE));

  /** What a call is given or gives back in memory; one per thread, so that none is allocated. */
  private static final ThreadLocal<MemorySegment> STRUCT =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATX_LENGTH, 8));

  private static final MemorySegment EMPTY_PATH = Arena.global().allocateFrom("");

  /** The host's memory page in bytes: the unit of mappings, {@link #mincore} and its page cache. */
  public static final int PAGE_SIZE = pageSize();

  private Posix() {}

  /**
   * Opens a file and returns its descriptor, which the caller closes.
   *
   * @param flags {@code O_...}, joined by {@code |}
   * @param mode the permissions of a file that the call creates, before the process's umask;
   *     otherwise unused
   */
  public static int open(Path path, int flags, int mode) throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(path.toString());
      MemorySegment state = STATE.get();
      while (true) {
        int fd = (int) OPEN.invokeExact(state, name, flags, mode);
        if (fd >= 0) return checked(fd, path);
        retryOrFail("open", " " + path, state);
      }
    } catch (Throwable e) {
      throw passOn(e);
    }
  }

  private static int checked(int fd, Path path) throws PosixException {
    if (Reach.includes(fd)) return fd;
    close(fd);
    throw failure("open", " " + path, EACCES);
  }

  /**
   * Gives a name to a file that was opened with {@link #O_TMPFILE}; fails with {@link #EEXIST} if
   * there is one of that name. Needs {@code /proc}.
   */
  public static void link(int fd, Path name) throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment from = arena.allocateFrom("/proc/self/fd/" + fd);
      MemorySegment to = arena.allocateFrom(name.toString());
      MemorySegment state = STATE.get();
      while ((int) LINKAT.invokeExact(state, AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW) < 0)
        retryOrFail("linkat", " " + name, state);
    } catch (Throwable e) {
      throw passOn(e);
    }
  }

  /**
   * Exchanges the names of two files in one step. Fails with {@link #EINVAL} where the file system
   * cannot, with {@link #ENOSYS} where the host cannot.
   */
  public static void exchange(Path one, Path other) throws PosixException {
    MethodHandle renameat2 = RENAMEAT2;
    if (renameat2 == null) throw failure("renameat2", " " + one, ENOSYS);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment a = arena.allocateFrom(one.toString());
      MemorySegment b = arena.allocateFrom(other.toString());
      MemorySegment state = STATE.get();
      while ((int) renameat2.invokeExact(state, AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) < 0)
        retryOrFail("renameat2", " " + one, state);
    } catch (Throwable e) {
      throw passOn(e);
    }
  }

  /**
   * Closes the descriptor. It is closed even when this fails, and is never closed twice: its number
   * may belong to another file as soon as the kernel has seen the call.
   */
  public static void close(int fd) throws PosixException {
    try {
      MemorySegment state = STATE.get();
      int result = (int) CLOSE.invokeExact(state, fd);
      if (result < 0 && errno(state) != EINTR) throw failure("close", "", errno(state));
    } catch (Throwable e) {
      throw passOn(e);
    }
  }

  /**
   * Reads into {@code destination} until it is full or the file ends, and returns the number of
   * bytes read. A failure leaves {@code destination} undefined.
   */
  public static long pread(int fd, MemorySegment destination, long offset) throws PosixException {
    try {
      MemorySegment state = STATE.get();
      long length = destination.byteSize();
      long done = (long) PREAD.invokeExact(state, fd, destination, length, offset);
      if (done == length) return done;
      if (done < 0) retryOrFail("pread", span(length, offset), state);
      return readOn(fd, destination, offset, Math.max(done, 0), done != 0);
    } catch (Throwable e) {
      throw passOn(e);
    }
  }

  /** Goes on with a read that a signal or the kernel's limit of 2 GiB a call has cut short. */
  private static long readOn(
      int fd, MemorySegment destination, long offset, long done, boolean more) throws Throwable {
    MemorySegment state = STATE.get();
    long length = destination.byteSize();
    while (more && done < length) {
      long read =
          (long)
              PREAD.invokeExact(state, fd, destination.asSlice(done), length - done, offset + done);
      if (read < 0) retryOrFail("pread", span(length - done, offset + done), state);
      more = read != 0;
      done += Math.max(read, 0);
    }
    return done;
  }

  /**
   * Writes all of {@code source} at {@code offset}. When it fails, some of it may have been
   * written.
   */
  public static void pwrite(int fd, MemorySegment source, long offset) throws PosixException {
    pwrite(fd, source, 0, source.byteSize(), offset);
  }

  /** Writes {@code length} bytes of {@code memory}, which begin at {@code from}. */
  public static void pwrite(int fd, MemorySegment memory, long from, long length, long offset)
      throws PosixException {
    try {
      MemorySegment state = STATE.get();
      MemorySegment source = memory.asSlice(from, length);
      long done = (long) PWRITE.invokeExact(state, fd, source, length, offset);
      if (done == length) return;
      if (done < 0) retryOrFail("pwrite", span(length, offset), state);
      writeOn(fd, source, offset, Math.max(done, 0));
    } catch (Throwable e) {
      throw passOn(e);
    }
  }

  /**
   * Goes on with a write that a signal, a filling disk, or the kernel's limit of 2 GiB a call has
   * cut short.
   */
  private static void writeOn(int fd, MemorySegment source, long offset, long done)
      throws Throwable {
    MemorySegment state = STATE.get();
    long length = source.byteSize();
    while (done < length) {
      long written =
          (long) PWRITE.invokeExact(state, fd, source.asSlice(done), length - done, offset + done);
      if (written < 0) retryOrFail("pwrite", span(length - done, offset + done), state);
      done += Math.max(written, 0);
    }
  }

  /**
   * Writes {@code length} bytes of {@code memory}, which begin at {@code from}, at {@code offset}
   * if the file system can tell that it need not wait, for a lock, for memory or for the medium.
   * One that is frozen makes the caller wait all the same.
   *
   * @return how many bytes were written, perhaps fewer than all; -1 if it would have to wait
   * @throws PosixException {@link #EOPNOTSUPP} where the file system cannot tell
   */
  public static long tryPwrite(int fd, MemorySegment memory, long from, long length, long offset)
      throws PosixException {
    try {
      MemorySegment state = STATE.get();
      Objects.checkFromIndexSize(from, length, memory.byteSize());
      if (!memory.isNative()) throw new IllegalArgumentException("memory of the Java heap");
      MemorySegment vector = STRUCT.get();
      vector.set(JAVA_LONG, 0, memory.address() + from); // a segment of its own would be an object
      vector.set(JAVA_LONG, IOVEC_LENGTH, length);
      while (true) {
        long done = (long) PWRITEV2.invokeExact(state, fd, vector, 1, offset, RWF_NOWAIT);
        if (done >= 0) return done;
        if (errno(state) == EAGAIN) return -1;
        retryOrFail("pwritev2", span(length, offset), state);
      }
    } catch (Throwable e) {
      throw passOn(e);
    }
  }

  /**
   * Waits for a descriptor.
   *
   * @param events what for, beside {@link #POLLHUP}
   * @param millis how long at most
   * @return what there is; 0 if that is nothing, or after a signal
   */
  static int poll(int fd, int events, int millis) {
    try {
      MemorySegment state = STATE.get();
      MemorySegment wanted = STRUCT.get();
      wanted.set(JAVA_INT, 0, fd);
      wanted.set(JAVA_SHORT, POLL_EVENTS, (short) events);
      if ((int) POLL.invokeExact(state, wanted, 1L, millis) <= 0) return 0;
      return wanted.get(JAVA_SHORT, POLL_FOUND);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * Changes the space behind a range of the file.
   *
   * @param mode 0 to reserve space and lengthen the file if it ends before; or {@code
   *     FALLOC_FL_...}, joined by {@code |}
   */
  public static void fallocate(int fd, int mode, long offset, long length) throws PosixException {
    try {
      MemorySegment state = STATE.get();
      while ((int) FALLOCATE.invokeExact(state, fd, mode, offset, length) < 0) {
        retryOrFail("fallocate", span(length, offset), state);
      }
    } catch (Throwable e) {
      throw passOn(e);
    }
  }

  /**
   * Makes the data written so far durable, and of the rest (the length, where the blocks are) what
   * finding it needs.
   */
  public static void fdatasync(int fd) throws PosixException {
    try {
      MemorySegment state = STATE.get();
      while ((int) FDATASYNC.invokeExact(state, fd) < 0) retryOrFail("fdatasync", "", state);
    } catch (Throwable e) {
      throw passOn(e);
    }
  }

  /** Makes a file, or the names in a folder that was opened with {@link #O_RDONLY}, durable. */
  public static void fsync(int fd) throws PosixException {
    try {
      MemorySegment state = STATE.get();
      while ((int) FSYNC.invokeExact(state, fd) < 0) retryOrFail("fsync", "", state);
    } catch (Throwable e) {
      throw passOn(e);
    }
  }

  /** Cuts or extends the file; what is added is a hole. */
  public static void ftruncate(int fd, long length) throws PosixException {
    try {
      MemorySegment state = STATE.get();
      while ((int) FTRUNCATE.invokeExact(state, fd, length) < 0) {
        retryOrFail("ftruncate", " to " + length, state);
      }
    } catch (Throwable e) {
      throw passOn(e);
    }
  }

  /**
   * The length of the file in bytes. Moves the descriptor's position, which nothing else here uses.
   */
  public static long length(int fd) throws PosixException {
    return lseek(fd, 0, SEEK_END);
  }

  /**
   * The length in bytes of a file that is not a device, as this host knows it without asking
   * another host: the call waits neither for a server nor for the file's users.
   */
  public static long knownLength(int fd) throws PosixException {
    return stat(fd, AT_STATX_DONT_SYNC).get(JAVA_LONG, STATX_SIZE);
  }

  /**
   * The unit in bytes in which the host likes a file to be accessed; that of huge pages is theirs.
   */
  public static long preferredBlock(int fd) throws PosixException {
    return stat(fd, AT_STATX_SYNC_AS_STAT).get(JAVA_INT, STATX_BLKSIZE) & 0xffffffffL;
  }

  /**
   * How many bytes the file takes on its file system, also those that are reserved or not written
   * back yet.
   */
  public static long allocatedBytes(int fd) throws PosixException {
    return stat(fd, AT_STATX_SYNC_AS_STAT).get(JAVA_LONG, STATX_BLOCKS) * STATX_BLOCK;
  }

  /** The same for what a path leads to. */
  public static long allocatedBytes(Path path) throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(path.toString());
      return stat(AT_FDCWD, name, AT_STATX_SYNC_AS_STAT).get(JAVA_LONG, STATX_BLOCKS) * STATX_BLOCK;
    }
  }

  /**
   * The number of the file system that holds the file; of a block device, its own. Never 0, and
   * does not wait.
   */
  public static long fileSystem(int fd) throws PosixException {
    MemorySegment stat = stat(fd, AT_STATX_DONT_SYNC);
    boolean device = (stat.get(JAVA_SHORT, STATX_MODE) & S_IFMT) == S_IFBLK;
    long major = stat.get(JAVA_INT, device ? STATX_RDEV_MAJOR : STATX_DEV_MAJOR);
    long minor = stat.get(JAVA_INT, device ? STATX_RDEV_MINOR : STATX_DEV_MINOR);
    return 1L << 62 | major << 32 | minor;
  }

  /**
   * What the file system says of a file or folder beyond its permissions: {@code STATX_ATTR_...},
   * joined by {@code |}; 0 where it knows nothing of the kind. A link is not followed.
   */
  public static long attributes(Path path) throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(path.toString());
      return stat(AT_FDCWD, name, AT_SYMLINK_NOFOLLOW).get(JAVA_LONG, STATX_ATTRIBUTES);
    }
  }

  private static MemorySegment stat(int fd, int flags) throws PosixException {
    return stat(fd, EMPTY_PATH, AT_EMPTY_PATH | flags);
  }

  /** Valid until the thread's next call. */
  private static MemorySegment stat(int fd, MemorySegment path, int flags) throws PosixException {
    try {
      MemorySegment state = STATE.get();
      MemorySegment stat = STRUCT.get();
      while ((int) STATX.invokeExact(state, fd, path, flags, STATX_BASIC_STATS, stat) < 0) {
        retryOrFail("statx", "", state);
      }
      return stat;
    } catch (Throwable e) {
      throw passOn(e);
    }
  }

  /**
   * Moves the descriptor's position and returns it; with {@link #SEEK_DATA} or {@link #SEEK_HOLE}
   * the first offset that is in data or in a hole, at or after {@code offset}. Fails with {@link
   * #ENXIO} where there is none.
   */
  public static long lseek(int fd, long offset, int whence) throws PosixException {
    try {
      MemorySegment state = STATE.get();
      long result = (long) LSEEK.invokeExact(state, fd, offset, whence);
      if (result < 0) throw failure("lseek", " from " + offset, errno(state));
      return result;
    } catch (Throwable e) {
      throw passOn(e);
    }
  }

  /**
   * Maps the first {@code length} bytes of the file for reading, shared with its writers. The
   * mapping may reach past the end of the file. Fails with {@link #ENOMEM} where the address space
   * has no room for it. The caller returns it with {@link #munmap}, once.
   *
   * @return memory without a lifetime of its own; reading it after {@code munmap} crashes the
   *     process
   */
  public static MemorySegment mmap(int fd, long length) throws PosixException {
    try {
      MemorySegment state = STATE.get();
      long address =
          (long)
              MMAP.invokeExact(
                  state, MemorySegment.NULL, length, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd, 0L);
      if (address == -1) throw failure("mmap", " of " + length + " bytes", errno(state));
      return MemorySegment.ofAddress(address).reinterpret(length);
    } catch (Throwable e) {
      throw passOn(e);
    }
  }

  /**
   * Takes a mapping away. Only its address and size are used, so that an arena may call this while
   * it closes.
   */
  public static void munmap(MemorySegment mapping) throws PosixException {
    try {
      MemorySegment state = STATE.get();
      int result = (int) MUNMAP.invokeExact(state, mapping.address(), mapping.byteSize());
      if (result < 0) throw failure("munmap", "", errno(state));
    } catch (Throwable e) {
      throw passOn(e);
    }
  }

  /**
   * Asks which pages of a mapping are in memory; does not wait for a medium. Pages past the end of
   * the file are not.
   *
   * <p>Where the caller neither owns the file nor may write to it, the kernel does not tell and
   * calls every page resident.
   *
   * @param range begins at a page
   * @param pages receives a byte for each page, whose lowest bit is set if the page is resident
   */
  public static void mincore(MemorySegment range, MemorySegment pages) throws PosixException {
    assert pages.byteSize() >= Math.ceilDiv(range.byteSize(), PAGE_SIZE);
    try {
      MemorySegment state = STATE.get();
      while ((int) MINCORE.invokeExact(state, range, range.byteSize(), pages) < 0) {
        if (errno(state) != EAGAIN) {
          retryOrFail("mincore", " of " + range.byteSize() + " bytes", state);
        }
      }
    } catch (Throwable e) {
      throw passOn(e);
    }
  }

  /**
   * Says how a range of the file will be used.
   *
   * @param length 0 means to the end of the file, wherever it will be
   */
  public static void fadvise(int fd, long offset, long length, int advice) throws PosixException {
    try {
      MemorySegment state = STATE.get();
      // Returns the error's number itself and leaves errno alone.
      int error = (int) POSIX_FADVISE.invokeExact(state, fd, offset, length, advice);
      if (error != 0) throw failure("posix_fadvise", span(length, offset), error);
    } catch (Throwable e) {
      throw passOn(e);
    }
  }

  /**
   * Starts or awaits the writing of a range's dirty pages. Makes nothing durable: neither the
   * length and the place of the blocks nor the medium's own cache is written.
   *
   * @param flags {@code SYNC_FILE_RANGE_...}, joined by {@code |}
   */
  public static void syncFileRange(int fd, long offset, long length, int flags)
      throws PosixException {
    try {
      MemorySegment state = STATE.get();
      while ((int) SYNC_FILE_RANGE.invokeExact(state, fd, offset, length, flags) < 0) {
        retryOrFail("sync_file_range", span(length, offset), state);
      }
    } catch (Throwable e) {
      throw passOn(e);
    }
  }

  /**
   * Takes or gives up an advisory lock on a range for the open file description, without waiting.
   * Such a lock excludes other descriptors, also of this process, and ends with the last copy of
   * the descriptor.
   *
   * @param type {@link #F_RDLCK}, {@link #F_WRLCK} or {@link #F_UNLCK}
   * @return false if another description holds a lock that excludes this one
   */
  public static boolean lock(int fd, short type, long offset, long length) throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = STATE.get();
      MemorySegment flock = flock(arena, type, offset, length);
      while ((int) FCNTL_LOCK.invokeExact(state, fd, F_OFD_SETLK, flock) < 0) {
        int error = errno(state);
        if (error == EAGAIN || error == EACCES) return false;
        retryOrFail("fcntl", " to lock bytes " + offset + " and on", state);
      }
      return true;
    } catch (Throwable e) {
      throw passOn(e);
    }
  }

  /**
   * Takes an advisory lock on a whole file or folder for the open file description, without
   * waiting; it may be open for reading only. Such locks know nothing of those of {@link #lock}.
   *
   * @param operation {@link #LOCK_EX}
   * @return false if another description holds a lock that excludes this one
   */
  public static boolean flock(int fd, int operation) throws PosixException {
    try {
      MemorySegment state = STATE.get();
      while ((int) FLOCK.invokeExact(state, fd, operation | LOCK_NB) < 0) {
        if (errno(state) == EAGAIN) return false;
        retryOrFail("flock", "", state);
      }
      return true;
    } catch (Throwable e) {
      throw passOn(e);
    }
  }

  /**
   * Whether another open file description holds a lock that would exclude this one. Takes nothing.
   */
  public static boolean wouldConflict(int fd, short type, long offset, long length)
      throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = STATE.get();
      MemorySegment flock = flock(arena, type, offset, length);
      while ((int) FCNTL_LOCK.invokeExact(state, fd, F_OFD_GETLK, flock) < 0) {
        retryOrFail("fcntl", " to test the lock of bytes " + offset + " and on", state);
      }
      return flock.get(JAVA_SHORT, 0) != F_UNLCK;
    } catch (Throwable e) {
      throw passOn(e);
    }
  }

  /**
   * Takes or gives up a lease on a file that is open for reading only, without waiting. The kernel
   * grants a lease of type {@link #F_RDLCK} only while no descriptor of any process is open for
   * writing, whether it holds locks or not. Fails with {@link #EAGAIN} if one is, or where the file
   * system cannot tell; with {@link #EACCES} if the file belongs to another user, with {@link
   * #EINVAL} where there are no leases.
   *
   * <p>A process that opens the file for writing meanwhile waits until the lease is given up, and
   * this one gets the signal of {@link #leaseSignal}.
   *
   * @param type {@link #F_RDLCK} or {@link #F_UNLCK}
   */
  public static void lease(int fd, short type) throws PosixException {
    fcntl(fd, F_SETLEASE, type, " to lease a file");
  }

  /** Chooses the signal by which this process hears that its lease makes another process wait. */
  public static void leaseSignal(int fd, int signal) throws PosixException {
    fcntl(fd, F_SETSIG, signal, " to choose a signal");
  }

  /** Makes a socket that another program has opened one whose calls do not wait. */
  public static void setNonBlocking(int fd) throws PosixException {
    fcntl(fd, F_SETFL, O_NONBLOCK, " to make a socket non-blocking");
  }

  private static void fcntl(int fd, int command, int argument, String about) throws PosixException {
    try {
      MemorySegment state = STATE.get();
      while ((int) FCNTL_NUMBER.invokeExact(state, fd, command, argument) < 0)
        retryOrFail("fcntl", about, state);
    } catch (Throwable e) {
      throw passOn(e);
    }
  }

  /** The host's words for an error number. */
  private static String describe(int errno) {
    try {
      MemorySegment text = (MemorySegment) STRERROR.invokeExact(errno);
      return text.reinterpret(256).getString(0);
    } catch (Throwable e) {
      throw new AssertionError("strerror(" + errno + ")", e);
    }
  }

  private static MemorySegment flock(Arena arena, short type, long offset, long length) {
    MemorySegment flock = arena.allocate(FLOCK_SIZE, 8); // l_whence stays 0: from the file's start
    flock.set(JAVA_SHORT, 0, type);
    flock.set(JAVA_LONG, FLOCK_START, offset);
    flock.set(JAVA_LONG, FLOCK_LENGTH, length);
    return flock;
  }

  static int errno(MemorySegment state) {
    return (int) ERRNO.get(state, 0L);
  }

  static void retryOrFail(String call, String about, MemorySegment state) throws PosixException {
    int error = errno(state);
    if (error != EINTR) throw failure(call, about, error);
  }

  private static PosixException failure(String call, String about, int error) {
    return new PosixException(call, about, error, describe(error));
  }

  private static String span(long length, long offset) {
    return " of " + length + " bytes at " + offset;
  }

  /** Throws what a method handle threw, whose signature says no more than {@link Throwable}. */
  static PosixException passOn(Throwable e) {
    return switch (e) {
      case PosixException failed -> failed;
      case RuntimeException refused -> throw refused;
      case Error error -> throw error;
      default -> throw new AssertionError("a system call threw", e);
    };
  }

  /**
   * The same for a call that does not tell why it failed. An {@link InternalError} is of an access
   * to memory before the call: its caller expects it.
   */
  static AssertionError unexpected(Throwable e) {
    if (e instanceof Error error) throw error;
    return new AssertionError("a system call threw", e);
  }

  /** Gives a signal its default meaning, even if the parent of this process had it ignored. */
  public static void heed(int signal) {
    try {
      MethodHandle set =
          LINKER.downcallHandle(
              symbol("signal"), FunctionDescriptor.of(ADDRESS, JAVA_INT, ADDRESS));
      MemorySegment _ = (MemorySegment) set.invokeExact(signal, MemorySegment.NULL);
    } catch (Throwable e) {
      throw new AssertionError("signal", e);
    }
  }

  private static int pageSize() {
    try {
      MethodHandle getpagesize =
          LINKER.downcallHandle(symbol("getpagesize"), FunctionDescriptor.of(JAVA_INT));
      return (int) getpagesize.invokeExact();
    } catch (Throwable e) {
      throw new AssertionError("getpagesize", e);
    }
  }

  static MethodHandle call(String name, ValueLayout result, ValueLayout... parameters) {
    return LINKER.downcallHandle(
        symbol(name),
        FunctionDescriptor.of(result, parameters),
        Linker.Option.captureCallState("errno"));
  }

  static MethodHandle variadic(
      String name, int fixed, ValueLayout result, ValueLayout... parameters) {
    return LINKER.downcallHandle(
        symbol(name),
        FunctionDescriptor.of(result, parameters),
        Linker.Option.captureCallState("errno"),
        Linker.Option.firstVariadicArg(fixed));
  }

  private static MemorySegment symbol(String name) {
    return LINKER
        .defaultLookup()
        .find(name)
        .orElseThrow(
            () ->
                new UnsupportedOperationException(
                    "the C library has no '" + name + "': Varve needs Linux on x86_64 or aarch64"));
  }
}
