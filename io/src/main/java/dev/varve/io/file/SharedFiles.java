package dev.varve.io.file;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Files that are only read, each open and mapped once, however many disks show it: a base below
 * many machines costs the page tables of one. Thread-safe; blocks, but a file for which the host
 * does not answer delays only callers that ask for that file.
 */
public final class SharedFiles {

  /** By what the file is, not by its name. */
  private final Map<Object, Shared> known = new HashMap<>();

  /** A file that is open, was, or is about to be. */
  private static final class Shared {
    @Nullable MappedFile file;

    /** How many callers are about to open it. */
    int askers;

    boolean isGone() {
      return askers == 0 && (file == null || file.isClosed());
    }
  }

  /** As {@link MappedFile#openReadOnly}; the caller closes it once. */
  public MappedFile openReadOnly(Path path, long reach) throws IOException {
    if (!Files.isRegularFile(path)) return MappedFile.openReadOnly(path, reach); // says why not
    Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    if (key == null) return MappedFile.openReadOnly(path, reach); // the file system does not tell
    Shared shared = ask(key);
    try {
      synchronized (shared) {
        if (shared.file != null && shared.file.share(reach)) return shared.file;
        return shared.file = MappedFile.openReadOnly(path, reach);
      }
    } finally {
      answered(shared);
    }
  }

  private synchronized Shared ask(Object key) {
    known.values().removeIf(Shared::isGone);
    Shared shared = known.computeIfAbsent(key, _ -> new Shared());
    shared.askers++;
    return shared;
  }

  private synchronized void answered(Shared shared) {
    shared.askers--;
  }
}
