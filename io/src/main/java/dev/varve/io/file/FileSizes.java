package dev.varve.io.file;

import dev.varve.io.posix.Posix;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How many bytes files take on their file systems, as of the last look. {@link #look} may wait for
 * the host and is for one thread at a time; everything else is for any thread and waits for
 * nothing.
 */
public final class FileSizes {

  private volatile Map<Path, Long> known = Map.of();

  /** Looks at these files; others are forgotten, and so is one that cannot be seen. */
  public void look(Collection<Path> files) {
    Map<Path, Long> seen = new LinkedHashMap<>();
    for (Path file : files) {
      try {
        seen.put(file, Posix.allocatedBytes(file));
      } catch (IOException _) {
        // What uses the file tells what is wrong with it.
      }
    }
    known = Map.copyOf(seen);
  }

  /** The sizes of those of these files that have been looked at. */
  public Map<Path, Long> of(Collection<Path> files) {
    Map<Path, Long> all = known;
    Map<Path, Long> found = new LinkedHashMap<>();
    for (Path file : files) {
      Long size = all.get(file);
      if (size != null) found.put(file, size);
    }
    return found;
  }
}
