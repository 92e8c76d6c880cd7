package dev.varve.io.client;

import dev.varve.core.log.LineLimit;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The clients of one or more servers: numbers them, knows those that use a disk, and logs what they
 * do within bounds, so that one that connects a thousand times a second does not fill the log.
 * Thread-safe; nothing waits.
 */
public final class Clients {

  private static final System.Logger LOG = System.getLogger(Clients.class.getName());

  private static final int LINES_A_MINUTE = 200;

  private final AtomicLong last = new AtomicLong();
  private final LineLimit limit = new LineLimit(LINES_A_MINUTE, TimeUnit.MINUTES.toNanos(1));

  /** Those that use a disk, by number. */
  private final ConcurrentSkipListMap<Long, Visit> present = new ConcurrentSkipListMap<>();

  private volatile ClientWatcher watcher = ClientWatcher.NONE;

  /**
   * A client has connected.
   *
   * @param peer the other end, for people
   */
  public Visit arrived(Transport transport, String peer, long nowNanos) {
    return new Visit(this, last.incrementAndGet(), transport, peer, nowNanos);
  }

  /** Tells a watcher, of which there is one, of clients that come and go from now on. */
  public void watch(ClientWatcher watcher) {
    this.watcher = watcher;
  }

  /** Those that use a disk now, in the order in which they came. */
  public List<ClientView> views() {
    return present.values().stream().map(Visit::view).toList();
  }

  /**
   * Sends a client away: it gets the answers to what it has in flight. It may connect again.
   *
   * @param number that of {@link #views}
   * @return false if there is no such client
   */
  public boolean disconnect(long number) {
    Visit visit = present.get(number);
    if (visit == null) return false;
    visit.sendAway("it was disconnected on request");
    return true;
  }

  /** A client uses a disk from now on. */
  void entered(Visit visit) {
    present.put(visit.number(), visit);
    watcher.connected(visit.view());
  }

  /** It does not any more. */
  void left(Visit visit, String why) {
    present.remove(visit.number());
    watcher.disconnected(visit.view(), why);
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
