package dev.varve.io.nbd;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The clients that have chosen no disk yet, the oldest first. Where there is room for no more
 * clients, the oldest of these makes room for one that comes: clients that connect and say nothing
 * keep out none that wants a disk. Thread-safe.
 */
final class Doorstep {

  /** So long each may stay: clients that come all at once must not push out each other. */
  private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** By client, when it came. Guarded by this. */
  private final Map<Connection, Long> waiting = new LinkedHashMap<>();

  synchronized void came(Connection client, long nowNanos) {
    waiting.put(client, nowNanos);
  }

  /** It has chosen a disk, or is gone. */
  synchronized void left(Connection client) {
    waiting.remove(client);
  }

  /**
   * Sends the oldest away.
   *
   * @return false if none has been there for long enough
   */
  boolean makesRoom(long nowNanos) {
    Connection oldest;
    synchronized (this) {
      var first = waiting.entrySet().iterator();
      if (!first.hasNext()) return false;
      Map.Entry<Connection, Long> entry = first.next();
      if (nowNanos - entry.getValue() < GRACE_NANOS) return false;
      oldest = entry.getKey();
      first.remove();
    }
    oldest.giveWay();
    return true;
  }
}
