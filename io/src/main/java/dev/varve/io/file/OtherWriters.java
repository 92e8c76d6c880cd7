package dev.varve.io.file;

import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * Finds programs that write to an image and take no locks, above all VirtualBox. Before an image is
 * opened for writing, the kernel is asked for a read lease, which it grants only while no process
 * has the file open for writing. Where it cannot tell, the descriptors of all processes that this
 * user may see are looked through, which also finds the name for the message. Any thread; blocks.
 *
 * <p>This finds what is open now. A program that opens the image later is noticed by what it
 * writes, see {@code Flusher}.
 */
public final class OtherWriters {

  /** Where a lease is refused for other reasons too: the server of the files decides. */
  private static final Set<String> REMOTE =
      Set.of("nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "fuse", "fuseblk", "virtiofs");

  private static final String UNSEEN =
      "a process that this user cannot see, or a loop device of the kernel";

  /** How often the kernel and the processes are asked while they contradict each other. */
  private static final int LOOKS = 20;

  private static final ScopedValue<Boolean> TOLERATED = ScopedValue.newInstance();

  private enum Writers {
    NONE,
    SOME,
    UNKNOWN
  }

  /** Opens something. */
  public interface Opening<X extends Exception> {
    void run() throws X;
  }

  private OtherWriters() {}

  /**
   * Runs {@code opening}, in which this thread opens images also if other processes write to them.
   * What either writes to them may be lost: for users who know that the other program does not.
   */
  public static <X extends Exception> void tolerate(Opening<X> opening) throws X {
    ScopedValue.where(TOLERATED, true)
        .<Boolean, X>call(
            () -> {
              opening.run();
              return true;
            });
  }

  /**
   * Refuses a file that another process has open for writing. May block.
   *
   * @throws UnlockedWriterException names the process where that can be found out
   */
  static void refuse(Path path) throws IOException {
    if (TOLERATED.isBound()) return;
    for (int look = 1; ; look++) {
      Writers writers = ask(path);
      if (writers == Writers.NONE) return;
      List<FileUser> found = FileUser.of(path, -1).stream().filter(FileUser::writes).toList();
      List<FileUser> others = found.stream().filter(user -> !user.isOfThisProcess()).toList();
      if (!others.isEmpty()) throw inUse(path, FileUser.names(others));
      if (writers == Writers.UNKNOWN || isRemote(path)) return;
      // A file of this process is locked by it; what is not locked any more is being closed.
      if (!found.isEmpty() || isMappedHere(path)) return;
      // It may have been closed between the two questions.
      if (look == LOOKS) throw inUse(path, UNSEEN);
    }
  }

  private static UnlockedWriterException inUse(Path path, String users) {
    return new UnlockedWriterException(
        ("%s is open for writing in %s, which takes no locks: two programs that write to one image"
                + " destroy it. Close it there first, for example by shutting down the virtual"
                + " machine")
            .formatted(path, users));
  }

  private static Writers ask(Path path) throws IOException {
    int fd = Posix.open(path, Posix.O_RDONLY | Posix.O_CLOEXEC, 0);
    try {
      Posix.leaseSignal(fd, Posix.SIGURG); // the usual one would end this process
      Posix.lease(fd, Posix.F_RDLCK);
      Posix.lease(fd, Posix.F_UNLCK);
      return Writers.NONE;
    } catch (PosixException e) {
      return e.errno() == Posix.EAGAIN ? Writers.SOME : Writers.UNKNOWN;
    } finally {
      Posix.close(fd);
    }
  }

  private static boolean isRemote(Path path) throws IOException {
    String type = Files.getFileStore(path).type();
    return REMOTE.contains(type) || type.startsWith("fuse.");
  }

  /** A client that still takes what it read keeps the mapping of a file that is closed. */
  private static boolean isMappedHere(Path path) throws IOException {
    String name = path.toRealPath().toString();
    try (var mappings = Files.lines(Path.of("/proc/self/maps"))) {
      return mappings.anyMatch(mapping -> mapping.endsWith(name));
    }
  }
}
