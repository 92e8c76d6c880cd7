package dev.varve.io.file;

import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A draft without any name: the host removes it when its process ends, also when it is killed. */
final class NamelessDraft implements Draft {

  /** The errors of a host or file system without such files. */
  private static final Set<Integer> UNKNOWN =
      Set.of(Posix.EOPNOTSUPP, Posix.EISDIR, Posix.EINVAL, Posix.ENOENT, Posix.ENOSYS);

  private final MappedFile contents;

  private NamelessDraft(MappedFile contents) {
    this.contents = contents;
  }

  /** Begins a draft; null where the file system has no such files, or the host no {@code /proc}. */
  static @Nullable NamelessDraft begin(Path target) throws IOException {
    if (!Files.isDirectory(Path.of("/proc/self/fd"))) return null;
    try {
      return new NamelessDraft(FileOpening.nameless(target));
    } catch (PosixException e) {
      if (UNKNOWN.contains(e.errno())) return null;
      throw e;
    }
  }

  @Override
  public MappedFile contents() {
    return contents;
  }

  @Override
  public Path place() throws IOException {
    return contents.self();
  }

  @Override
  public void appear(Path target) throws IOException {
    try {
      contents.link(target);
    } catch (PosixException e) {
      if (e.errno() == Posix.EEXIST) throw Draft.taken(target);
      throw e;
    }
  }

  /** Only a file with a name can take the place of another: a kill in between leaves that name. */
  @Override
  public void replace(Path target) throws IOException {
    Path part = HiddenDraft.freeName(target);
    contents.link(part);
    try {
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (Throwable e) {
      Files.deleteIfExists(part);
      throw e;
    }
  }

  @Override
  public void close() throws IOException {
    contents.close();
  }
}
