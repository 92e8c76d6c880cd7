package dev.varve.core.settings;

import dev.varve.core.journal.Fingerprint;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** What was last read from, or decided for, each settings file. Thread safe. */
final class SeenFiles {

  /**
   * @param said what it says, whatever media are known; null for a file that is of no machine
   */
  record Seen(Fingerprint fingerprint, @Nullable MachineSettings said) {}

  private final Map<Path, Seen> files = new ConcurrentHashMap<>();

  void saw(Path file, Fingerprint fingerprint, @Nullable MachineSettings said) {
    files.put(file, new Seen(fingerprint, said));
  }

  /** Null if it was never read or written. */
  @Nullable Seen get(Path file) {
    return files.get(file);
  }

  /** Forgets all files but these. */
  void retain(Collection<Path> those) {
    files.keySet().retainAll(those);
  }
}
