package dev.varve.http.access;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The folders below which files may be opened, made, moved and deleted. Immutable; looking at a
 * path blocks.
 *
 * <p>What is said here of a path is for the client: a link may be replaced a moment later. That it
 * leads nowhere then, the kernel ensures.
 *
 * @param roots without links; empty for anywhere
 */
public record MediaRoots(List<Path> roots) {

  public static final MediaRoots ANYWHERE = new MediaRoots(List.of());

  public MediaRoots {
    roots = List.copyOf(roots);
  }

  /**
   * The folders that a user names, or single files and devices.
   *
   * @throws IOException if one of them is not there
   */
  public static MediaRoots of(List<Path> named) throws IOException {
    List<Path> roots = new ArrayList<>();
    for (Path root : named) {
      try {
        roots.add(root.toRealPath());
      } catch (NoSuchFileException e) {
        throw new IOException(
            "there is no folder %s; make it, or name another one with --media-root".formatted(root),
            e);
      }
    }
    return new MediaRoots(roots);
  }

  /** Whether they bound anything. */
  public boolean areGiven() {
    return !roots.isEmpty();
  }

  /** The same and one more, if they bound anything. */
  public MediaRoots with(Path folder) throws IOException {
    if (!areGiven()) return this;
    List<Path> more = new ArrayList<>(roots);
    more.add(folder.toRealPath());
    return new MediaRoots(more);
  }

  /** Why a file may not be there; null if it may. */
  public @Nullable String complaint(Path path) {
    if (!areGiven()) return null;
    Path real = real(path);
    if (real != null && roots.stream().anyMatch(real::startsWith)) return null;
    return "'%s' is not below a media root, and this server uses no other files; the roots are %s, and --media-root of varve serve names them"
        .formatted(
            path, roots.stream().map(root -> "'" + root + "'").collect(Collectors.joining(", ")));
  }

  /**
   * Where a path leads, all links followed; what is not there yet is taken as it is written. Null
   * if that is unknown: a link leads nowhere, or a folder cannot be searched.
   */
  private static @Nullable Path real(Path path) {
    try {
      return path.toRealPath();
    } catch (NoSuchFileException | NotDirectoryException _) {
      Path folder = path.getParent();
      Path name = path.getFileName();
      boolean plain = name != null && !name.toString().equals("..") && !name.toString().equals(".");
      if (folder == null || !plain || Files.isSymbolicLink(path)) return null;
      Path above = real(folder);
      return above == null ? null : above.resolve(name);
    } catch (IOException _) {
      return null;
    }
  }
}
