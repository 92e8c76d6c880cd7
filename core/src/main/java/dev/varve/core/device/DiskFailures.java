package dev.varve.core.device;

import dev.varve.core.device.DeviceRequest.Op;
import dev.varve.core.log.Amount;
import dev.varve.core.log.LineLimit;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one disk that the host could not carry out: counted by operation and kind, and
 * logged: the first of a kind at once, then once a minute how many more there were, and one line
 * when the operation works again.
 *
 * <p>Thread safe; nothing blocks. Only a failure costs anything: for a success a front end looks at
 * {@link #isTroubled}, which reads a field.
 */
public final class DiskFailures {

  /** What a failure is to its client. */
  public enum Kind {
    NO_SPACE("ENOSPC", "no space is left on the file system"),
    IO("EIO", "input/output error");

    private final String code;
    private final String words;

    Kind(String code, String words) {
      this.code = code;
      this.words = words;
    }

    /** The name of the error in C. */
    public String code() {
      return code;
    }

    /** What a failure of a device is; null if it is none of the host: the disk was closed. */
    static @Nullable Kind of(Throwable failure) {
      return switch (failure) {
        case DeviceClosedException _ -> null;
        case OutOfSpaceException _ -> NO_SPACE;
        default -> IO;
      };
    }
  }

  /**
   * How many requests have failed.
   *
   * @param count at least 1
   */
  public record Count(Op operation, Kind kind, long count) {}

  /** An operation works again if it succeeds so long after it failed last. */
  static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** What fails and works in turn is quiet for twice as long each time, up to this. */
  static final long MOST_QUIET_NANOS = TimeUnit.MINUTES.toNanos(10);

  static final long PERIOD_NANOS = TimeUnit.MINUTES.toNanos(1);

  private static final Op[] OPERATIONS = Op.values();
  private static final Kind[] KINDS = Kind.values();

  private final String disk;
  private volatile Supplier<String> image;
  private final LongSupplier nanoClock;
  private final System.Logger log;
  private final Trouble[] troubles = new Trouble[OPERATIONS.length];

  /** A bit for each operation that has failed and not worked again. */
  private volatile int troubled;

  /**
   * @param disk for people, the name by which clients ask for it
   * @param image for people, the image that is written now
   * @param nanoClock {@link System#nanoTime}, or what follows it
   */
  public DiskFailures(String disk, Supplier<String> image, LongSupplier nanoClock) {
    this(disk, image, nanoClock, System.getLogger(DiskFailures.class.getName()));
  }

  DiskFailures(String disk, Supplier<String> image, LongSupplier nanoClock, System.Logger log) {
    this.disk = disk;
    this.image = image;
    this.nanoClock = nanoClock;
    this.log = log;
    for (Op operation : OPERATIONS) troubles[operation.ordinal()] = new Trouble(operation);
  }

  /** One operation, since it failed after it had worked. */
  private static final class Trouble {
    final Op operation;
    final LineLimit[] lines = new LineLimit[KINDS.length];
    final long[] counts = new long[KINDS.length];
    boolean present;
    long since;
    long last;
    long failed;
    long quiet = QUIET_NANOS;
    long over;

    Trouble(Op operation) {
      this.operation = operation;
      tellAgain();
    }

    /** The next failure is told at once. */
    void tellAgain() {
      for (int kind = 0; kind < lines.length; kind++) lines[kind] = new LineLimit(1, PERIOD_NANOS);
    }
  }

  /**
   * A request failed. A failure because the disk was closed is none of the host, and not counted.
   *
   * @param length of the whole request; less than 0 if it is not known which one it was
   */
  public void failed(Op operation, long offset, long length, Throwable why) {
    Kind kind = Kind.of(why);
    if (kind == null) return;
    long now = nanoClock.getAsLong();
    long before;
    synchronized (this) {
      Trouble trouble = troubles[operation.ordinal()];
      if (!trouble.present) begin(trouble, now);
      trouble.last = now;
      trouble.failed++;
      trouble.counts[kind.ordinal()]++;
      before = trouble.lines[kind.ordinal()].admit(now);
    }
    if (before > 0) tellMore(operation, kind, before, "in the last minute");
    else if (before == 0) tellFirst(operation, offset, length, kind, why);
  }

  private void begin(Trouble trouble, long now) {
    boolean forLong = now - trouble.over > MOST_QUIET_NANOS;
    if (forLong) trouble.quiet = QUIET_NANOS;
    trouble.present = true;
    trouble.since = now;
    trouble.failed = 0;
    troubled |= 1 << trouble.operation.ordinal();
  }

  /** The disk has another medium from now on, which has not failed yet. */
  public void medium(Supplier<String> other) {
    end();
    image = other;
    synchronized (this) {
      for (Trouble trouble : troubles) {
        trouble.present = false;
        trouble.tellAgain();
      }
      troubled = 0;
    }
  }

  /** Whether an operation has failed and {@link #worked} wants to hear that it succeeds. */
  public boolean isTroubled(Op operation) {
    return (troubled >>> operation.ordinal() & 1) != 0;
  }

  /** A request succeeded. Call it only while its operation is troubled. */
  public void worked(Op operation) {
    long now = nanoClock.getAsLong();
    long failed;
    long nanos;
    synchronized (this) {
      Trouble trouble = troubles[operation.ordinal()];
      if (!trouble.present || now - trouble.last < trouble.quiet) return;
      failed = trouble.failed;
      nanos = trouble.last - trouble.since;
      trouble.present = false;
      trouble.over = now;
      trouble.quiet = Math.min(2 * trouble.quiet, MOST_QUIET_NANOS);
      trouble.tellAgain();
      troubled &= ~(1 << operation.ordinal());
    }
    log.log(
        Level.INFO,
        "disk '%s': %s work again; %d had failed%s"
            .formatted(
                disk,
                plural(operation),
                failed,
                failed == 1 ? "" : " in " + Amount.time(Duration.ofNanos(nanos))));
  }

  /** Logs what was not told yet and is due. Call it every few seconds. */
  public void tick() {
    if (troubled == 0) return;
    long now = nanoClock.getAsLong();
    for (Op operation : OPERATIONS)
      for (Kind kind : KINDS) {
        long more = lines(operation, kind).due(now);
        if (more > 0) tellMore(operation, kind, more, "in the last minute");
      }
  }

  /** Logs what was not told yet: the disk is not served any more. */
  public void end() {
    for (Op operation : OPERATIONS)
      for (Kind kind : KINDS) {
        long more = lines(operation, kind).rest();
        if (more > 0) tellMore(operation, kind, more, "until now, when the disk is closed");
      }
  }

  private synchronized LineLimit lines(Op operation, Kind kind) {
    return troubles[operation.ordinal()].lines[kind.ordinal()];
  }

  /** The name of the disk, for people. */
  public String disk() {
    return disk;
  }

  /** What has failed so far. */
  public synchronized List<Count> counts() {
    List<Count> counts = new ArrayList<>();
    for (Trouble trouble : troubles)
      for (Kind kind : KINDS) {
        long count = trouble.counts[kind.ordinal()];
        if (count > 0) counts.add(new Count(trouble.operation, kind, count));
      }
    return counts;
  }

  // ---- in words

  private void tellFirst(Op operation, long offset, long length, Kind kind, Throwable why) {
    String reason = reason(why);
    String file = image.get();
    String known = reason.contains(file) ? "" : " (" + file + ")";
    log.log(
        Level.WARNING,
        "disk '%s'%s: %s failed, %s (%s): %s"
            .formatted(
                disk, known, singular(operation, offset, length), kind.words, kind.code, reason));
  }

  private void tellMore(Op operation, Kind kind, long more, String when) {
    log.log(
        Level.WARNING,
        "disk '%s': %d more %s failed %s, %s (%s)"
            .formatted(
                disk,
                more,
                more == 1 ? noun(operation) : plural(operation),
                when,
                kind.words,
                kind.code));
  }

  /** Why a request failed, for people. */
  public static String reason(Throwable why) {
    return why instanceof VirtualMachineError // what the JVM makes of a page that cannot be had
        ? "an image file was cut, or its medium fails"
        : FailureWords.of(why);
  }

  private static String singular(Op operation, long offset, long length) {
    String what = "a " + noun(operation);
    if (operation == Op.FLUSH || length < 0) return what;
    return "%s of %d bytes at offset %d".formatted(what, length, offset);
  }

  /** What an operation is called. */
  public static String noun(Op operation) {
    return switch (operation) {
      case READ -> "read";
      case WRITE -> "write";
      case FLUSH -> "flush";
      case DISCARD -> "discard";
      case WRITE_ZEROES -> "write of zeroes";
      case CACHE -> "read ahead";
      case EXTENTS -> "look at what is allocated";
    };
  }

  /** The same for several. */
  public static String plural(Op operation) {
    return switch (operation) {
      case FLUSH -> "flushes";
      case WRITE_ZEROES -> "writes of zeroes";
      case CACHE -> "reads ahead";
      case EXTENTS -> "looks at what is allocated";
      default -> noun(operation) + "s";
    };
  }
}
