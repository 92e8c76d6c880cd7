package dev.varve.http.api;

import io.vertx.core.http.HttpConnection;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one listener: their number is limited, and so is the time that a client may
 * take. A connection is a stranger's until one of its requests has passed the access check.
 * Strangers have a share of the connections; another one that comes takes the place of the one that
 * has been idle for longest, so that idle strangers keep out no client that may come in. Each
 * connection has one timer. It runs while the client has to send the rest of a request or to take
 * an answer, and rests while the server works on the answer. Belongs to one event loop.
 */
final class Connections {

  /**
   * How many connections there may be, and how long a client may take.
   *
   * @param requestMillis for a request, from the end of the last one to its own last byte
   * @param answerMillis for taking an answer
   * @param restMillis for sending what is left of a request that has been refused, and is dropped;
   *     closed earlier, the answer might be lost
   */
  record Limits(int connections, long requestMillis, long answerMillis, long restMillis) {
    /** The usual times. */
    static Limits usual(int connections) {
      return new Limits(connections, 30_000, 30_000, 2_000);
    }

    /** How many of them may be strangers'. */
    int strangers() {
      return Math.max(1, connections - connections / 4);
    }
  }

  /** Runs an action later, on the event loop that asked. */
  interface Timers {
    /** Returns what takes it back. */
    Runnable in(long millis, Runnable action);
  }

  private final Timers clock;
  private final Limits limits;
  private final Map<HttpConnection, Timer> timers = new IdentityHashMap<>();

  /** The oldest first. */
  private final Map<Timer, HttpConnection> strangers = new LinkedHashMap<>();

  Connections(Timers clock, Limits limits) {
    this.clock = clock;
    this.limits = limits;
  }

  /**
   * A client has connected; if there are too many, a stranger that is idle must go, or this one.
   */
  void opened(HttpConnection connection) {
    if (isFull() && !sendAwayOldestIdle()) {
      connection.close();
      return;
    }
    var timer = new Timer();
    timers.put(connection, timer);
    strangers.put(timer, connection);
    connection.closeHandler(
        _ -> {
          // One that was sent away has left already.
          if (timers.remove(connection, timer)) strangers.remove(timer);
          timer.stop();
        });
    timer.start(limits.requestMillis(), connection::close);
  }

  private boolean isFull() {
    return timers.size() >= limits.connections() || strangers.size() >= limits.strangers();
  }

  private boolean sendAwayOldestIdle() {
    for (Map.Entry<Timer, HttpConnection> stranger : strangers.entrySet()) {
      if (stranger.getKey().isWorking) continue;
      timers.remove(stranger.getValue());
      strangers.remove(stranger.getKey());
      stranger.getValue().close();
      return true;
    }
    return false;
  }

  /** A request has passed the access check: the connection is no stranger's any more. */
  void known(HttpConnection connection) {
    Timer timer = timers.get(connection);
    if (timer != null) strangers.remove(timer);
  }

  /**
   * The head of a request has come; the timer goes on for the rest.
   *
   * @param late says so to the client
   */
  void begun(HttpConnection connection, Runnable late) {
    Timer timer = timers.get(connection);
    if (timer != null) timer.late = late;
  }

  /** A request has come as a whole: the timer rests. */
  void received(HttpConnection connection) {
    Timer timer = timers.get(connection);
    if (timer == null) return;
    timer.stop();
    timer.isWorking = true;
  }

  /** Runs an action later, on the event loop of the listener. */
  void later(long millis, Runnable action) {
    clock.in(millis, action);
  }

  /** An answer is on its way: the client has to take it. */
  void answering(HttpConnection connection) {
    Timer timer = timers.get(connection);
    if (timer != null) timer.start(limits.answerMillis(), connection::close);
  }

  /** The answer has been taken: the client may send the next request. */
  void answered(HttpConnection connection) {
    Timer timer = timers.get(connection);
    if (timer != null) timer.start(limits.requestMillis(), connection::close);
  }

  /** A request has been refused before its end: what still comes is dropped. */
  void refused(HttpConnection connection) {
    Timer timer = timers.get(connection);
    if (timer != null) timer.start(limits.restMillis(), connection::close);
  }

  private final class Timer {
    private @Nullable Runnable takeBack;
    private @Nullable Runnable late;

    /** Whether the server works on a request of it. */
    private boolean isWorking;

    void start(long millis, Runnable action) {
      stop();
      isWorking = false;
      late = action;
      takeBack = clock.in(millis, this::expire);
    }

    private void expire() {
      takeBack = null;
      if (late != null) late.run();
    }

    void stop() {
      if (takeBack != null) takeBack.run();
      takeBack = null;
    }
  }
}
