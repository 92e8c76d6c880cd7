package dev.varve.io.file;

import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Checks whether a file can be deleted, or replaced by another under its name. What this cannot see
 * (a file system that fails, rules of a security module) shows when it is done. Any thread; may
 * block.
 */
public final class Removal {

  private static final int STICKY = 01000;
  private static final int ROOT = 0;

  private Removal() {}

  /**
   * Checks, and changes nothing. A file that does not exist counts as removable.
   *
   * @throws IOException says what is in the way, and what to do
   */
  public static void check(Path file) throws IOException {
    if (Files.isSymbolicLink(file))
      throw new FileSystemException(
          file.toString(),
          null,
          "it is a symbolic link to '%s', and Varve removes no image through a link; put the image itself in its place, or remove both by hand"
              .formatted(Files.readSymbolicLink(file)));
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) return;
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
      throw new FileSystemException(file.toString(), null, "it is not a regular file");
    checkFolder(Objects.requireNonNull(file.toAbsolutePath().getParent()), file);
    if (has(file, Posix.STATX_ATTR_IMMUTABLE | Posix.STATX_ATTR_APPEND))
      throw new FileSystemException(
          file.toString(),
          null,
          "it is marked as one that must not change, and cannot be removed; take the mark away with: chattr -i -a");
  }

  private static void checkFolder(Path folder, Path file) throws IOException {
    if (!Files.isWritable(folder) || !Files.isExecutable(folder))
      throw new FileSystemException(
          file.toString(),
          null,
          "it cannot be removed or replaced: %s"
              .formatted(
                  Files.getFileStore(folder).isReadOnly()
                      ? "the file system of its folder is read-only; mount it for writing"
                      : "this user may not write in its folder; give it the right to"));
    if (has(folder, Posix.STATX_ATTR_APPEND))
      throw new FileSystemException(
          file.toString(),
          null,
          "its folder is marked as one from which nothing is removed; take the mark away with: chattr -a");
    boolean sticky = ((int) Files.getAttribute(folder, "unix:mode") & STICKY) != 0;
    int me = uid(Path.of("/proc/self"));
    if (sticky && me != ROOT && me != uid(folder) && me != uid(file))
      throw new FileSystemException(
          file.toString(),
          null,
          "it belongs to another user, and in its folder only the owner removes a file");
  }

  private static boolean has(Path path, long attributes) throws PosixException {
    return (Posix.attributes(path) & attributes) != 0;
  }

  private static int uid(Path path) throws IOException {
    return (int) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
  }
}
