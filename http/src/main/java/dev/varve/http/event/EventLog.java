package dev.varve.http.event;

import io.vertx.core.json.JsonObject;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The last events, in the order in which they happened. Each client reads with a {@link Reader} of
 * its own, which keeps nothing but its place: a client that reads slowly costs no memory, and hears
 * of a gap once the log has forgotten what comes next.
 *
 * <p>Thread-safe; no method waits.
 */
public final class EventLog {

  private final String run;
  private final long mostCharacters;
  private final Set<Reader> readers = ConcurrentHashMap.newKeySet();

  /** The events from number {@code oldest} to before {@code next}. Guarded by this. */
  private final @Nullable Event[] kept;

  private long oldest = 1;
  private long next = 1;
  private long characters;

  /**
   * @param run names this run of the server, so that ids of another run are recognised: digits and
   *     small letters
   * @param mostEvents how many are kept
   * @param mostCharacters how long their data may be together
   */
  public EventLog(String run, int mostEvents, long mostCharacters) {
    this.run = run;
    this.kept = new Event[mostEvents];
    this.mostCharacters = mostCharacters;
  }

  /** Adds an event that is about no machine. Readers are told in this thread. */
  public void append(String kind, JsonObject data) {
    append(kind, data, Set.of());
  }

  /**
   * The same.
   *
   * @param machines the uuids of those that it is about
   */
  public void append(String kind, JsonObject data, Set<String> machines) {
    String text = data.encode();
    synchronized (this) {
      if (next - oldest == kept.length) forgetOldest();
      kept[place(next)] = new Event(id(next++), kind, text, machines);
      characters += text.length();
      while (characters > mostCharacters && next - oldest > 1) forgetOldest();
    }
    for (Reader reader : readers) reader.more.run();
  }

  private void forgetOldest() {
    characters -= event(oldest).data().length();
    kept[place(oldest++)] = null;
  }

  private Event event(long number) {
    return Objects.requireNonNull(kept[place(number)]);
  }

  private int place(long number) {
    return (int) (number % kept.length);
  }

  private String id(long number) {
    return run + "-" + number;
  }

  /**
   * A reader of what comes after an event.
   *
   * @param after the id of the last event that the client has heard; null for all that happens from
   *     now on
   * @param more runs after each event that is added from now on, in any thread: must not wait
   */
  public Reader reader(@Nullable String after, Runnable more) {
    synchronized (this) {
      var reader = new Reader(after == null ? next : numberAfter(after), more);
      readers.add(reader);
      return reader;
    }
  }

  /** The number of the event that follows; 0 if the id is not one of this run. */
  private long numberAfter(String id) {
    if (!id.matches("[0-9a-z]+-[0-9]{1,18}") || !id.startsWith(run + "-")) return 0;
    long number = Long.parseLong(id.substring(run.length() + 1)) + 1;
    return number > next ? 0 : number;
  }

  /** The place of one client in the log. Used by one thread at a time. */
  public final class Reader {

    private final Runnable more;
    private long number;

    private Reader(long number, Runnable more) {
      this.number = number;
      this.more = more;
    }

    /**
     * The next event; null if there is none yet. Where events are missing it is of the kind {@link
     * Event#GAP}, and after it come only those that happen from then on.
     */
    public @Nullable Event next() {
      synchronized (EventLog.this) {
        if (number == next) return null;
        if (number >= oldest) return event(number++);
        boolean isOfThisRun = number > 0;
        var data = new JsonObject();
        if (isOfThisRun) data.put("lost", next - number);
        data.put(
            "reason",
            isOfThisRun
                ? "these events are not kept any more"
                : "the last event that was heard is not one of this run of the server");
        number = next;
        return new Event(lastId(), Event.GAP, data.encode());
      }
    }

    /** The id with which a client can come back to this place. */
    public String lastId() {
      return id(number - 1);
    }

    /** Ends it; {@code more} is not run any more. */
    public void close() {
      readers.remove(this);
    }
  }
}
