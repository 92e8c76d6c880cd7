package dev.varve.io.storage;

import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/** The disks that wait, at the moment, for a host that does not answer. Thread-safe. */
public final class Hangs {

  private static final System.Logger LOG = System.getLogger(Hangs.class.getName());

  /** Their names, by what watches them. */
  private final Map<Object, String> present = new ConcurrentHashMap<>();

  private final Executor logging;

  /**
   * @param logging runs the writes to the log, which may block while its reader is slow
   */
  Hangs(Executor logging) {
    this.logging = logging;
  }

  void log(Level level, String text, Object... parameters) {
    try {
      logging.execute(() -> LOG.log(level, text, parameters));
    } catch (RejectedExecutionException _) {
      LOG.log(level, text, parameters); // the server ends
    }
  }

  void began(Object disk, String name) {
    present.put(disk, name);
  }

  void ended(Object disk) {
    present.remove(disk);
  }

  /** The names of those disks, sorted. */
  public List<String> names() {
    return present.values().stream().sorted().toList();
  }

  /** How many disks wait. */
  public int count() {
    return present.size();
  }
}
