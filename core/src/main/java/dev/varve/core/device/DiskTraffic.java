package dev.varve.core.device;

import dev.varve.core.device.DeviceRequest.Op;
import dev.varve.core.measure.DurationCounter;
import dev.varve.core.measure.Durations;
import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * What the clients of one export have asked for and how it was answered. Each event loop that
 * serves the export has a {@link Recorder} of its own, which it alone writes; {@link #totals} adds
 * them up. The owner of the export keeps it for as long as it counts: a machine's slot, while the
 * machine runs.
 *
 * <p>Thread-safe; nothing blocks.
 */
public final class DiskTraffic {

  private static final Op[] OPERATIONS = Op.values();

  /** By the loops that write them, of which there is a bounded number. */
  private final Map<Object, Recorder> recorders = new ConcurrentHashMap<>();

  private final AtomicLong clients = new AtomicLong();

  /** A client uses the export from now on. */
  public void clientCame() {
    clients.incrementAndGet();
  }

  /** It does not any more. */
  public void clientLeft() {
    clients.decrementAndGet();
  }

  /**
   * The recorder that one event loop writes.
   *
   * @param loop tells loops apart
   */
  public Recorder recorder(Object loop) {
    return recorders.computeIfAbsent(loop, _ -> new Recorder());
  }

  /** What was counted so far. The loops go on meanwhile: each number is right by itself. */
  public Totals totals() {
    Collection<Recorder> all = recorders.values();
    Map<Op, OperationTotals> operations = new EnumMap<>(Op.class);
    for (Op op : OPERATIONS) operations.put(op, totals(op, all));
    Map<Failed, Long> errors = new TreeMap<>();
    for (Recorder each : all) {
      each.errors.forEach((failed, count) -> errors.merge(failed, count.get(), Long::sum));
    }
    return new Totals(operations, errors, clients.get());
  }

  private static OperationTotals totals(Op op, Collection<Recorder> all) {
    Durations answered = Durations.NONE;
    long bytes = 0;
    long handedOver = 0;
    long inFlight = 0;
    for (Recorder each : all) {
      answered = answered.plus(each.answered[op.ordinal()].durations());
      bytes += each.bytes.getOpaque(op.ordinal());
      handedOver += each.handedOver.getOpaque(op.ordinal());
      inFlight += each.inFlight.getOpaque(op.ordinal());
    }
    return new OperationTotals(answered, bytes, handedOver, inFlight);
  }

  /**
   * An error that clients were told.
   *
   * @param operation null if what was asked is no operation of a disk
   * @param code the error's name in C
   */
  public record Failed(@Nullable Op operation, String code) implements Comparable<Failed> {
    @Override
    public int compareTo(Failed other) {
      int by = Integer.compare(place(), other.place());
      return by != 0 ? by : code.compareTo(other.code);
    }

    private int place() {
      return operation == null ? OPERATIONS.length : operation.ordinal();
    }
  }

  /**
   * All of one export together.
   *
   * @param errors how often clients were told which error
   * @param clients how many are connected now
   */
  public record Totals(
      Map<Op, OperationTotals> operations, Map<Failed, Long> errors, long clients) {

    /** Of an operation; there are totals of all. */
    public OperationTotals of(Op operation) {
      return operations.getOrDefault(operation, OperationTotals.NONE);
    }

    /** How many requests of an operation were answered with an error. */
    public long failed(Op operation) {
      return errors.entrySet().stream()
          .filter(each -> each.getKey().operation() == operation)
          .mapToLong(Map.Entry::getValue)
          .sum();
    }

    /** How many requests wait for their answer now. */
    public long inFlight() {
      return operations.values().stream().mapToLong(OperationTotals::inFlight).sum();
    }
  }

  /**
   * One operation of one export.
   *
   * @param answered the requests that succeeded, by how long they took
   * @param bytes what those have moved, discarded or zeroed
   * @param handedOver requests that storage threads served, as a whole or in parts
   * @param inFlight requests that wait for their answer now
   */
  public record OperationTotals(Durations answered, long bytes, long handedOver, long inFlight) {
    static final OperationTotals NONE = new OperationTotals(Durations.NONE, 0, 0, 0);
  }

  /**
   * Counts what one event loop does for an export. Written on that loop only, but for {@link
   * #failed}; read by any thread. Nothing is allocated but for errors.
   */
  public static final class Recorder {
    private final DurationCounter[] answered = new DurationCounter[OPERATIONS.length];
    private final AtomicLongArray bytes = new AtomicLongArray(OPERATIONS.length);
    private final AtomicLongArray handedOver = new AtomicLongArray(OPERATIONS.length);
    private final AtomicLongArray inFlight = new AtomicLongArray(OPERATIONS.length);
    private final Map<Failed, AtomicLong> errors = new ConcurrentHashMap<>();

    private Recorder() {
      for (int i = 0; i < answered.length; i++) answered[i] = new DurationCounter();
    }

    /** So many requests were answered with success, each in this time. */
    public void answered(Op operation, long nanos, long requests) {
      answered[operation.ordinal()].add(nanos, requests);
    }

    /** So many bytes were moved, discarded or zeroed. */
    public void moved(Op operation, long length) {
      add(bytes, operation, length);
    }

    /** A request goes to storage threads. */
    public void handedOver(Op operation) {
      add(handedOver, operation, 1);
    }

    /** A request is not answered in place. */
    public void begun(Op operation) {
      add(inFlight, operation, 1);
    }

    /** A request that was {@link #begun} is over. */
    public void ended(Op operation) {
      add(inFlight, operation, -1);
    }

    /**
     * A request was answered with an error.
     *
     * @param code the error's name in C
     */
    public void failed(@Nullable Op operation, String code) {
      errors.computeIfAbsent(new Failed(operation, code), _ -> new AtomicLong()).getAndIncrement();
    }

    /** One writer: no atomic addition is needed. */
    private static void add(AtomicLongArray counters, Op operation, long value) {
      int at = operation.ordinal();
      counters.setOpaque(at, counters.getPlain(at) + value);
    }
  }
}
