package dev.varve.core.medium;

import static java.nio.file.attribute.PosixFilePermission.OWNER_READ;
import static java.nio.file.attribute.PosixFilePermission.OWNER_WRITE;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;

/**
 * The owner of a file and its permissions. A server that runs as root works in the folders of other
 * users, who must be able to use with VirtualBox what it has made there. Any thread.
 *
 * <p>Nothing happens on a file system without owners. May block.
 */
public final class Ownership {

  private static final int ROOT = 0;

  private static final Set<PosixFilePermission> EXECUTE =
      PosixFilePermissions.fromString("--x--x--x");

  private Ownership() {}

  /**
   * Gives a file that is about to replace another the owner, group and permissions of that one. An
   * owner that this process may not give stays its own.
   */
  public static void keep(Path replaced, Path made) throws IOException {
    PosixFileAttributeView from = view(replaced);
    if (from == null) return;
    PosixFileAttributes old = from.readAttributes();
    giveTo(old, made);
    view(made).setPermissions(old.permissions());
  }

  /**
   * Makes what root has just made belong to the user of what it is made for. What other users have
   * made is theirs already.
   *
   * @param model the folder that {@code made} is in, or the image that it is a child of
   */
  public static void inherit(Path model, Path made) throws IOException {
    PosixFileAttributeView from = view(model);
    if (from == null || uid(made) != ROOT || uid(model) == ROOT) return;
    PosixFileAttributes wanted = from.readAttributes();
    Set<PosixFilePermission> permissions = EnumSet.copyOf(wanted.permissions());
    if (wanted.isDirectory()) permissions.removeAll(masked());
    if (!Files.isDirectory(made)) permissions.removeAll(EXECUTE);
    permissions.add(OWNER_READ); // a child of a template that is only read is written
    permissions.add(OWNER_WRITE);
    giveTo(wanted, made);
    view(made).setPermissions(permissions);
  }

  /** Makes a folder, and those that it is in, where they are missing; each is as the one above. */
  public static void createFolders(Path folder) throws IOException {
    if (Files.isDirectory(folder)) return;
    Path parent = folder.getParent();
    if (parent != null) createFolders(parent);
    createFolder(folder);
  }

  /** Makes one folder, as the one that it is in; does nothing if it is there. */
  public static void createFolder(Path folder) throws IOException {
    try {
      Files.createDirectory(folder);
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(folder)) throw e;
      return;
    }
    if (folder.getParent() != null) inherit(folder.getParent(), folder);
  }

  private static void giveTo(PosixFileAttributes wanted, Path made) throws IOException {
    PosixFileAttributeView view = view(made);
    PosixFileAttributes now = view.readAttributes();
    try {
      if (!wanted.owner().equals(now.owner())) view.setOwner(wanted.owner());
    } catch (FileSystemException _) {
      // Only root gives files away.
    }
    try {
      if (!wanted.group().equals(now.group())) view.setGroup(wanted.group());
    } catch (FileSystemException _) {
      // Only root, and members of the group.
    }
  }

  private static PosixFileAttributeView view(Path path) {
    return Files.getFileAttributeView(path, PosixFileAttributeView.class);
  }

  private static int uid(Path path) throws IOException {
    return (Integer) Files.getAttribute(path, "unix:uid");
  }

  /** What this process never grants to others, for each file that it makes: its umask. */
  private static Set<PosixFilePermission> masked() throws IOException {
    Set<PosixFilePermission> masked = EnumSet.noneOf(PosixFilePermission.class);
    int umask = umask();
    PosixFilePermission[] permissions = PosixFilePermission.values(); // the owner's read bit first
    for (int i = 0; i < permissions.length; i++)
      if ((umask >> permissions.length - 1 - i & 1) != 0) masked.add(permissions[i]);
    return masked;
  }

  private static int umask() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status")))
      if (line.startsWith("Umask:"))
        return Integer.parseInt(line.substring("Umask:".length()).strip(), 8);
    return 0022;
  }
}
