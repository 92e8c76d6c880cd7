package dev.varve.http.api;

import dev.varve.http.access.Grant;
import dev.varve.http.event.Event;
import dev.varve.http.event.EventLog;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Sends the log of events to clients, as server-sent events, from where each has left off. Nothing
 * is queued for a client that reads slowly: its reader waits, and hears of a gap if that was too
 * long.
 */
final class Events {

  /** Without it a proxy or the client might take the connection for dead. */
  private static final long SILENCE_MILLIS = 15_000;

  private final Vertx vertx;
  private final EventLog log;
  private final UnaryOperator<String> idOf;
  private final Runnable upToDate;
  private final Set<Stream> streams = ConcurrentHashMap.newKeySet();

  /**
   * @param idOf the uuid of the machine that a request names
   * @param upToDate appends what has happened and is not in the log yet
   */
  Events(Vertx vertx, EventLog log, UnaryOperator<String> idOf, Runnable upToDate) {
    this.vertx = vertx;
    this.log = log;
    this.idOf = idOf;
    this.upToDate = upToDate;
  }

  void addTo(Handlers handlers) {
    handlers.onEventLoop("watchEvents", this::watch);
  }

  /** Ends the streams of clients whose tokens hold no more; any thread. */
  void recheck() {
    for (Stream stream : streams) stream.loop.runOnContext(_ -> stream.endIfWithdrawn());
  }

  private Answer watch(Call call) {
    String seconds = call.optional("seconds");
    String after = call.optional("Last-Event-ID");
    Predicate<Event> wanted = wanted(call);
    return Answer.stream(
        "text/event-stream",
        response -> {
          upToDate.run();
          var stream = new Stream(response, after, wanted, call.grant());
          streams.add(stream);
          response.closeHandler(_ -> stream.stop());
          stream.begin(seconds == null ? -1 : Long.parseLong(seconds));
        });
  }

  /** Those of the kinds and about the machine that a request asks for. */
  private Predicate<Event> wanted(Call call) {
    Set<String> kinds = call.list("kinds");
    String machine = call.optional("machine");
    String id = machine == null ? null : idOf.apply(machine);
    return event ->
        (kinds == null || kinds.contains(event.kind()) || event.kind().equals(Event.GAP))
            && (id == null || event.isAbout(id));
  }

  /** Ends all streams; any thread. */
  void close() {
    for (Stream stream : streams) stream.loop.runOnContext(_ -> stream.end());
  }

  /** One client. Belongs to the event loop of its connection. */
  private final class Stream {
    private final Context loop = vertx.getOrCreateContext();
    private final HttpServerResponse response;
    private final EventLog.Reader reader;
    private final Grant grant;
    private final AtomicBoolean called = new AtomicBoolean();
    private final Predicate<Event> wanted;
    private boolean ready;
    private boolean spoke;
    private long timer = -1;
    private boolean stopped;

    Stream(
        HttpServerResponse response, @Nullable String after, Predicate<Event> wanted, Grant grant) {
      this.response = response;
      this.wanted = wanted;
      this.grant = grant;
      this.reader = log.reader(after, this::call);
    }

    /** There is an event; any thread. */
    private void call() {
      if (!called.compareAndSet(false, true)) return;
      try {
        loop.runOnContext(_ -> send());
      } catch (RejectedExecutionException _) {
        // the server is ending, and the client's connection with it
      }
    }

    /**
     * @param seconds when to end; negative for never
     */
    void begin(long seconds) {
      response.drainHandler(_ -> send());
      send();
      if (seconds == 0) end();
      if (stopped) return;
      timer = vertx.setPeriodic(SILENCE_MILLIS, _ -> breakSilence());
      if (seconds > 0) vertx.setTimer(TimeUnit.SECONDS.toMillis(seconds), _ -> end());
    }

    private void send() {
      called.set(false);
      endIfWithdrawn();
      while (!stopped && !response.writeQueueFull()) {
        Event event = reader.next();
        if (event == null) {
          if (!ready) write(new Event(reader.lastId(), "ready", "{}"));
          ready = true;
          return;
        }
        if (wanted.test(event)) write(event);
      }
    }

    private void write(Event event) {
      response.write(
          "id: %s\nevent: %s\ndata: %s\n\n".formatted(event.id(), event.kind(), event.data()));
      spoke = true;
    }

    void endIfWithdrawn() {
      if (!grant.holds()) end();
    }

    /** Also tells how far it has read, for a client that hears few events of many. */
    private void breakSilence() {
      endIfWithdrawn();
      if (stopped) return;
      if (!spoke && !response.writeQueueFull())
        response.write(":\nid: %s\n\n".formatted(reader.lastId()));
      spoke = false;
    }

    void end() {
      if (stopped) return;
      stop();
      response.end();
    }

    void stop() {
      stopped = true;
      vertx.cancelTimer(timer);
      reader.close();
      streams.remove(this);
    }
  }
}
