package dev.varve.io.storage;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DeviceClosedException;
import dev.varve.core.device.DeviceRequest;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The gate through which requests enter a device: open, held for a while, or closed for ever. It
 * counts the requests that are not answered yet. Thread-safe; only {@link #awaitChanges} blocks.
 *
 * <p>Requests that are served in the calling thread are not counted here. Their thread first enters
 * a {@link ReaderEpochs} and then asks {@link #isOpen}; the thread that shuts the gate waits until
 * the readers of that moment have left.
 */
public final class RequestGate {

  private enum State {
    OPEN,
    /** Requests are handed back to the owner of the device. */
    HELD,
    CLOSED
  }

  private static final long CLOSING_POLL_MILLIS = 1;

  private final String name;
  private final ReaderEpochs reads;
  private final Consumer<DeviceRequest> handBack;

  /** Requests that only read and are not answered. */
  private final AtomicInteger reading = new AtomicInteger();

  /** The other requests that are not answered, and what the device does by itself. */
  private final AtomicInteger changing = new AtomicInteger();

  /** All of them; {@link HostWatch} asks it how long they wait. */
  private final ReaderEpochs waiting = new ReaderEpochs();

  /** Read by every request; changed by {@link #turn}. */
  private volatile State state = State.OPEN;

  /**
   * @param name of the device, in messages
   * @param reads the reads in the callers' threads, and the leases on memory
   * @param handBack takes the requests that come, or were not begun, while the device is held; must
   *     not block
   */
  public RequestGate(String name, ReaderEpochs reads, Consumer<DeviceRequest> handBack) {
    this.name = name;
    this.reads = reads;
    this.handBack = handBack;
  }

  /**
   * Whether requests are served now; false while it is held.
   *
   * @throws DeviceClosedException if none is served any more
   */
  public boolean isOpen() throws DeviceClosedException {
    State now = state;
    if (now == State.CLOSED) throw closed();
    return now == State.OPEN;
  }

  public boolean isHeld() {
    return state == State.HELD;
  }

  /** Whether it is held or closed. */
  public boolean isShut() {
    return state != State.OPEN;
  }

  private DeviceClosedException closed() {
    return new DeviceClosedException(name + " is closed");
  }

  /** A lease on what {@code reads} guards; also while the device is held. */
  public BlockDevice.Lease lease() throws DeviceClosedException {
    int ticket = reads.enter();
    if (state == State.CLOSED) {
      reads.exit(ticket);
      throw closed();
    }
    return () -> reads.exit(ticket);
  }

  /** Every request from when it is taken until it is answered or handed back. */
  public ReaderEpochs waiting() {
    return waiting;
  }

  // ---- requests

  /** Counts a request until it is answered; false if it was refused and must not be begun. */
  public boolean take(DeviceRequest request) {
    pending(request).incrementAndGet(); // before it looks: it is waited for, or sees
    request.ticket(waiting.enter());
    if (state == State.OPEN) return true;
    refuse(request);
    return false;
  }

  private AtomicInteger pending(DeviceRequest request) {
    return switch (request.op()) {
      case READ, CACHE, EXTENTS -> reading;
      case WRITE, DISCARD, WRITE_ZEROES, FLUSH -> changing;
    };
  }

  /** Hands a request back, or fails it if the device is closed. Nothing of it was done. */
  public void refuse(DeviceRequest request) {
    if (state == State.CLOSED) {
      answer(request, closed());
    } else {
      waiting.exit(request.ticket());
      pending(request).decrementAndGet();
      handBack.accept(request);
    }
  }

  /** Answers a request that was taken. */
  public void answer(DeviceRequest request, @Nullable IOException failure) {
    AtomicInteger pending = pending(request); // once answered the request can be anything
    waiting.exit(request.ticket());
    try {
      if (failure == null) DeviceRequest.complete(request);
      else DeviceRequest.fail(request, failure);
    } finally {
      pending.decrementAndGet();
    }
  }

  /** Counts a change that no guest asked for, until {@link #endChange}. */
  public void beginChange() {
    changing.incrementAndGet();
  }

  public void endChange() {
    changing.decrementAndGet();
  }

  /** Whether every request was answered or handed back, and every change ended. */
  public boolean isQuiet() {
    return reading.get() == 0 && changing.get() == 0;
  }

  // ---- held, and closed

  /**
   * Hands requests back from now on.
   *
   * @throws DeviceClosedException if it is not open; nothing has changed
   */
  public void hold() throws DeviceClosedException {
    if (!turn(State.OPEN, State.HELD)) throw closed();
  }

  /** Takes requests again, if it was held. */
  public void release() {
    turn(State.HELD, State.OPEN);
  }

  /** Waits until no request that changes something is being carried out. */
  public void awaitChanges() {
    for (int spins = 0; changing.get() != 0; spins++) {
      if (spins < 1000) Thread.onSpinWait();
      else LockSupport.parkNanos(50_000);
    }
  }

  /**
   * Fails requests from now on, and runs {@code task} on a storage thread once all are answered and
   * the readers of now have left.
   *
   * @return false if it is not open; nothing was done
   */
  public boolean close(StorageThreads threads, Runnable task) {
    if (!turn(State.OPEN, State.CLOSED)) return false;
    long since = reads.epoch();
    threads.execute(() -> whenQuiet(since, threads, task));
    return true;
  }

  /** Comes back until it is quiet: it must not keep the thread that the others need. */
  private void whenQuiet(long since, StorageThreads threads, Runnable task) {
    if (isQuiet() && reads.passed(since)) task.run();
    else threads.later(CLOSING_POLL_MILLIS, () -> whenQuiet(since, threads, task));
  }

  private synchronized boolean turn(State from, State to) {
    if (state != from) return false;
    state = to;
    return true;
  }
}
