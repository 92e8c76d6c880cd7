package dev.varve.io.storage;

import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/** The disks that wait, at the moment, for a host that does not answer. Thread-safe. */
public final class Hangs {

  private static final System.Logger LOG = System.getLogger(Hangs.class.getName());

  private final Set<HostWatch> present = ConcurrentHashMap.newKeySet();
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

  void began(HostWatch disk) {
    present.add(disk);
  }

  void ended(HostWatch disk) {
    present.remove(disk);
  }

  /** The names of those disks, sorted. */
  public List<String> names() {
    return present.stream().map(HostWatch::name).sorted().toList();
  }

  /** How many disks wait. */
  public int count() {
    return present.size();
  }
}
