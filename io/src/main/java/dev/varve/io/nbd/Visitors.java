package dev.varve.io.nbd;

import dev.varve.core.log.LineLimit;
import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Numbers a server's clients, and logs what they do, within bounds: one that connects a thousand
 * times a second does not fill the log. Thread-safe.
 */
final class Visitors {

  private static final System.Logger LOG = System.getLogger(Visitors.class.getName());

  private static final int LINES_A_MINUTE = 200;

  private final AtomicLong last = new AtomicLong();
  private final LineLimit limit = new LineLimit(LINES_A_MINUTE, TimeUnit.MINUTES.toNanos(1));

  long nextNumber() {
    return last.incrementAndGet();
  }

  void log(Level level, String line, long nowNanos) {
    if (!LOG.isLoggable(level)) return;
    long keptBack = limit.admit(nowNanos);
    if (keptBack == LineLimit.KEPT_BACK) return;
    if (keptBack > 0)
      LOG.log(Level.INFO, "{0} more lines about clients were kept back before this", keptBack);
    LOG.log(level, line);
  }
}
