package dev.varve.io.file;

import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The locks by which Varve and QEMU's programs keep out of each other's images: shared
 * open-file-description locks on single bytes, as QEMU takes them.
 *
 * <pre>
 *   byte        held by a descriptor that
 *   100 + n     uses permission n
 *   200 + n     does not allow other openers to use permission n
 *                 n = 0 read what stays consistent, 1 write, 3 resize
 * </pre>
 *
 * <p>All bytes are taken first and looked at afterwards, so that of two openers that come at once
 * at least one sees the other. The locks have no object: they belong to the descriptor and its
 * mappings, and end with the last of them. Any thread; blocks.
 */
final class ImageLock {
  private static final int USED = 100;
  private static final int UNSHARED = 200;
  private static final int READ = 0;
  private static final int WRITE = 1;
  private static final int RESIZE = 3;

  private static final int[] READER = {READ};
  private static final int[] WRITER = {READ, WRITE, RESIZE};
  private static final int[] NOT_SHARED = {WRITE, RESIZE};

  private ImageLock() {}

  /**
   * Locks the file for one writer, or for readers among themselves.
   *
   * @throws ImageInUseException if another descriptor excludes this one; the caller closes {@code
   *     fd}, which gives up what was taken
   */
  static void take(int fd, Path path, boolean write) throws IOException {
    takeBytes(fd, path, write);
    lookAround(fd, path, write);
  }

  /**
   * Makes the reader of a file its writer.
   *
   * @param reader holds the file for reading
   * @param writer a descriptor of the same file, open for writing; may be the same one. It holds
   *     the file afterwards, and {@code reader} holds nothing
   * @throws ImageInUseException if a third excludes a writer; {@code reader} holds what it did
   */
  static void upgrade(int reader, int writer, Path path) throws IOException {
    takeBytes(writer, path, true); // from here on no other opener can come in,
    if (reader != writer) release(reader); // which would not see this file's own reader any more
    try {
      lookAround(writer, path, true);
    } catch (Throwable e) {
      if (reader != writer) takeBytes(reader, path, false);
      downgrade(writer);
      throw e;
    }
  }

  /** Makes the writer of a file one of its readers. */
  static void downgrade(int fd) throws PosixException {
    for (int n : NOT_SHARED) Posix.lock(fd, Posix.F_UNLCK, USED + n, 1);
  }

  private static void takeBytes(int fd, Path path, boolean write) throws IOException {
    int[] uses = write ? WRITER : READER;
    boolean taken = true;
    for (int n : uses) taken &= Posix.lock(fd, Posix.F_RDLCK, USED + n, 1);
    for (int n : NOT_SHARED) taken &= Posix.lock(fd, Posix.F_RDLCK, UNSHARED + n, 1);
    if (!taken) throw inUse(fd, path, write, "locked");
  }

  /** Whether another descriptor excludes this one; takes nothing. */
  static void lookAround(int fd, Path path, boolean write) throws IOException {
    int[] uses = write ? WRITER : READER;
    for (int n : NOT_SHARED) {
      if (heldByAnother(fd, USED + n)) throw inUse(fd, path, write, "open for writing");
    }
    for (int n : uses) {
      if (heldByAnother(fd, UNSHARED + n)) {
        throw inUse(fd, path, write, n == READ ? "being changed" : "open for reading");
      }
    }
  }

  /**
   * Gives all locks up. Closing the descriptor does so too, but not before a child process that was
   * forked meanwhile, for whatever program, has closed its copy.
   */
  static void release(int fd) throws PosixException {
    Posix.lock(fd, Posix.F_UNLCK, USED, UNSHARED + RESIZE + 1 - USED);
  }

  private static boolean heldByAnother(int fd, int offset) throws PosixException {
    return Posix.wouldConflict(fd, Posix.F_WRLCK, offset, 1);
  }

  private static ImageInUseException inUse(int fd, Path path, boolean write, String how) {
    return new ImageInUseException(
        path
            + " is "
            + how
            + " in "
            + holders(fd, path)
            + (write ? ", but a writer allows no other user" : ", but readers allow no writer")
            + ": close it there first");
  }

  /**
   * Which other processes hold such locks on the file. The kernel names no process for this kind of
   * lock, so this looks through the descriptors of all processes that the user may see.
   */
  private static String holders(int fd, Path path) {
    List<FileUser> found =
        FileUser.of(path, fd).stream()
            .filter(user -> user.descriptor().contains("OFDLCK"))
            .toList();
    return found.isEmpty() ? "another process" : FileUser.names(found);
  }
}
