package dev.varve.io.nbd;

import dev.varve.core.log.Amount;
import dev.varve.core.log.LineLimit;
import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Bounds how many clients a server has: by their number, and so that the process keeps file
 * descriptors for other things. The kernel gives each new socket the lowest descriptor that is
 * free, so one with a high number says how many are in use.
 *
 * <p>Clients that are refused are logged as one event: a line when it begins, a line a minute while
 * it goes on, and one when it is over. Thread-safe.
 */
final class Admission {

  private static final System.Logger LOG = System.getLogger(Admission.class.getName());

  /** So many clients at a time are told why they are refused; others are closed at once. */
  private static final int TOLD = 8;

  /** It is over when a client is admitted and none was refused for so long. */
  private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(10);

  private static final long PERIOD_NANOS = TimeUnit.MINUTES.toNanos(1);

  /** What becomes of a client. */
  enum Answer {
    ADMITTED,
    /** It may speak, and then hears whether there is room by now: one may be leaving. */
    WAITS,
    /** It hears {@link #REASON} in the handshake. */
    REFUSED,
    /** It is closed at once: too many are being told already. */
    SENT_AWAY
  }

  /** What a refused client hears. */
  static final String REASON =
      "the server has as many clients as it can take; try again when one has gone";

  private volatile NbdLimits limits;
  private final System.Logger log;
  private final AtomicInteger admitted = new AtomicInteger();
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicLong refused = new AtomicLong();

  /** Whether clients are being refused, or were a moment ago. */
  private volatile boolean full;

  // Guarded by this.
  private final LineLimit lines = new LineLimit(1, PERIOD_NANOS);
  private long lastNanos;
  private long refusedBefore;

  Admission(NbdLimits limits) {
    this(limits, LOG);
  }

  Admission(NbdLimits limits, System.Logger log) {
    this.limits = limits;
    this.log = log;
  }

  /** Other limits from now on; clients that are connected stay. */
  void limits(NbdLimits changed) {
    limits = changed;
  }

  /**
   * A client has connected. Call {@link #left} with the last answer when it is gone.
   *
   * @param descriptor the number of its socket; less than 0 if it is not known
   */
  Answer ask(int descriptor, long nowNanos) {
    if (admits(descriptor, nowNanos)) return Answer.ADMITTED;
    if (waiting.incrementAndGet() <= TOLD) return Answer.WAITS;
    waiting.decrementAndGet();
    refused(descriptor, nowNanos);
    return Answer.SENT_AWAY;
  }

  /** One that was sent away waits after all: another client makes room for it. */
  Answer letWait() {
    waiting.incrementAndGet();
    return Answer.WAITS;
  }

  /** A client that waits has spoken: it is admitted now, or refused. */
  Answer askAgain(int descriptor, long nowNanos) {
    if (admits(descriptor, nowNanos)) {
      waiting.decrementAndGet();
      return Answer.ADMITTED;
    }
    refused(descriptor, nowNanos);
    return Answer.REFUSED;
  }

  private boolean admits(int descriptor, long nowNanos) {
    if (isKept(descriptor)) return false;
    if (admitted.incrementAndGet() > limits.connections()) {
      admitted.decrementAndGet();
      return false;
    }
    if (full) admittedAgain(nowNanos);
    return true;
  }

  /** Whether a descriptor is for other things than clients. */
  private boolean isKept(int descriptor) {
    return descriptor >= limits.descriptors();
  }

  /** A client is gone. */
  void left(Answer answer) {
    switch (answer) {
      case ADMITTED -> admitted.decrementAndGet();
      case WAITS, REFUSED -> waiting.decrementAndGet();
      case SENT_AWAY -> {}
    }
  }

  /** How many clients were refused so far. */
  long refused() {
    return refused.get();
  }

  private synchronized void refused(int descriptor, long nowNanos) {
    long before = refused.getAndIncrement();
    if (!full) refusedBefore = before;
    full = true;
    lastNanos = nowNanos;
    long keptBack = lines.admit(nowNanos);
    if (keptBack == LineLimit.KEPT_BACK) return;
    String more = keptBack == 0 ? "" : "; %d more since the last such line".formatted(keptBack);
    log.log(
        Level.WARNING,
        "NBD clients are refused: "
            + (isKept(descriptor) ? fewDescriptors() : manyClients())
            + more);
  }

  private String fewDescriptors() {
    return ("all file descriptors below %d are in use, and the others are kept for images and the API;"
            + " disconnect clients, or start the server with a higher limit of open files (ulimit -n, or LimitNOFILE= in a systemd unit)")
        .formatted(limits.descriptors());
  }

  private String manyClients() {
    return "%s connected, as many as --max-connections allows; disconnect some, or allow more"
        .formatted(
            limits.connections() == 1
                ? "1 client is"
                : Amount.of(limits.connections(), "client") + " are");
  }

  private synchronized void admittedAgain(long nowNanos) {
    if (full && nowNanos - lastNanos >= QUIET_NANOS) over();
  }

  /** The server stops: what was not told yet is told. */
  synchronized void end() {
    if (full) over();
  }

  private void over() {
    full = false;
    lines.rest();
    log.log(
        Level.INFO,
        "NBD clients are accepted again; refused: %d".formatted(refused.get() - refusedBefore));
  }
}
