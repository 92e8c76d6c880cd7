package dev.varve.http.api;

import dev.varve.core.measure.DurationCounter;
import dev.varve.core.measure.Durations;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts the requests that the API has answered, by what they asked for and how they ended. Written
 * by the event loop of the API, read by any thread.
 */
public final class HttpRequests {

  /** The route of what no operation takes. Its path is not told: there is no end of paths. */
  static final String NO_ROUTE = "none";

  /**
   * A kind of request.
   *
   * @param route the path with its parameters as names, as the document has it
   */
  public record Kind(String method, String route, int status) implements Comparable<Kind> {
    @Override
    public int compareTo(Kind other) {
      int by = route.compareTo(other.route);
      if (by == 0) by = method.compareTo(other.method);
      return by == 0 ? Integer.compare(status, other.status) : by;
    }
  }

  private final Map<Kind, LongAdder> counts = new ConcurrentHashMap<>();
  private final DurationCounter durations = new DurationCounter();

  void answered(Kind kind) {
    counts.computeIfAbsent(kind, _ -> new LongAdder()).increment();
  }

  void took(long nanos) {
    durations.add(nanos);
  }

  /** How many of each kind there were. */
  public Map<Kind, Long> counts() {
    Map<Kind, Long> sums = new TreeMap<>();
    counts.forEach((kind, count) -> sums.put(kind, count.sum()));
    return sums;
  }

  /** How long they took, all together. */
  public Durations durations() {
    return durations.durations();
  }
}
