package dev.varve.core.limit;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DeviceClosedException;
import dev.varve.core.device.DeviceRequest;
import dev.varve.core.device.ReadSink;
import dev.varve.core.device.RequestTimes;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A disk in a bandwidth group, or in none. What may pass is served as the disk serves it, in place
 * if it can be; what has to wait is a request that is submitted, and goes on to the disk when its
 * turn comes, on the thread that lets it pass. The submitter bounds how many wait.
 *
 * <p>Only limited requests read the clock. While the group has no limits, or there is no group, a
 * request costs the look at a field.
 */
public final class LimitedDevice implements BlockDevice {

  private final BlockDevice device;
  private final String name;
  private final LongSupplier nanoClock;

  private volatile @Nullable LimitMember member;

  /** How long anything has waited in groups that it has left. */
  private final AtomicLong throttledBefore = new AtomicLong();

  /** The longest that was told: between two groups nothing is missing. */
  private final AtomicLong throttledTold = new AtomicLong();

  // Guarded by this.
  private boolean closed;
  private @Nullable Held spare;

  /**
   * A disk without limits.
   *
   * @param device owned from now on: closed with this one
   * @param name for people, under which it joins groups
   * @param nanoClock {@link System#nanoTime}, or what follows it
   */
  public LimitedDevice(BlockDevice device, String name, LongSupplier nanoClock) {
    this.device = device;
    this.name = name;
    this.nanoClock = nanoClock;
  }

  /**
   * Leaves the group it is in and joins {@code group}; null: no limit any more. What waits goes to
   * the back of the new group's queue. Nothing happens if it is in that group, or closed.
   */
  public void limitTo(@Nullable LimitGroup group) {
    LimitMember old;
    long now = nanoClock.getAsLong();
    synchronized (this) {
      old = member;
      if (closed || (old == null ? group == null : old.group() == group)) return;
      member = group == null ? null : group.join(name, now);
    }
    Waiting next;
    if (old != null) throttledBefore.getAndAdd(old.throttledNanos(now));
    for (Waiting w = old == null ? null : old.leave(now); w != null; w = next) {
      next = w.next();
      submit(free(w));
    }
  }

  /** The door to the group it is in, for its statistics; null if it is in none. */
  public @Nullable LimitMember member() {
    return member;
  }

  /** How long any request has waited for a limit, all in all. Takes no lock. */
  public long throttledNanos(long nanoTime) {
    LimitMember current = member;
    long now = current == null ? 0 : current.throttledNanos(nanoTime);
    return throttledTold.accumulateAndGet(throttledBefore.get() + now, Math::max);
  }

  /** How many requests wait for a limit now. Takes no lock. */
  public long waitingRequests() {
    LimitMember current = member;
    return current == null ? 0 : current.waitingRequests();
  }

  @Override
  public boolean tryRead(long offset, int length, ReadSink sink) throws IOException {
    LimitMember limit = limit();
    if (limit == null) return device.tryRead(offset, length, sink);
    long now = nanoClock.getAsLong();
    if (!limit.tryPass(Direction.READ, 1, length, now)) return false;
    if (device.tryRead(offset, length, sink)) return true;
    limit.refund(Direction.READ, 1, length, now); // the same is submitted, and pays then
    return false;
  }

  @Override
  public boolean tryReadCached(long offset, int length, ReadSink sink) throws IOException {
    return device.tryReadCached(offset, length, sink);
  }

  @Override
  public boolean tryWrite(long offset, MemorySegment memory, long from, long length)
      throws IOException {
    return tryWrite(1, offset, memory, from, length);
  }

  @Override
  public boolean tryWriteMore(long offset, MemorySegment memory, long from, long length)
      throws IOException {
    return tryWrite(0, offset, memory, from, length);
  }

  private boolean tryWrite(
      int operations, long offset, MemorySegment memory, long from, long length)
      throws IOException {
    LimitMember limit = limit();
    if (limit == null) return device.tryWrite(offset, memory, from, length);
    long now = nanoClock.getAsLong();
    if (!limit.tryPass(Direction.WRITE, operations, length, now)) return false;
    if (device.tryWrite(offset, memory, from, length)) return true;
    limit.refund(Direction.WRITE, operations, length, now);
    return false;
  }

  @Override
  public void submit(DeviceRequest request) {
    if (request.count() == DeviceRequest.Count.NOTHING || !waits(request)) device.submit(request);
  }

  @Override
  public void answered(DeviceRequest.Op operation, long bytes) {
    LimitMember limit = limit();
    if (limit != null) limit.answered(direction(operation), bytes);
    device.answered(operation, bytes);
  }

  /** Whether it has to wait; else it is paid for. */
  private boolean waits(DeviceRequest request) {
    Direction direction = direction(request.op());
    int operations = request.count() == DeviceRequest.Count.WHOLE ? 1 : 0;
    long bytes = bytes(request);
    for (LimitMember limit = limit(); limit != null; limit = limit()) {
      long now = nanoClock.getAsLong();
      if (limit.tryPass(direction, operations, bytes, now)) return false;
      Held held = hold(request);
      if (limit.enqueue(held, direction, operations, bytes, now)) return true;
      free(held); // it has left the group meanwhile: perhaps there is another
    }
    return false;
  }

  private @Nullable LimitMember limit() {
    LimitMember current = member;
    return current != null && current.isLimited() ? current : null;
  }

  private static Direction direction(DeviceRequest.Op op) {
    return switch (op) {
      case READ, CACHE, EXTENTS -> Direction.READ;
      case WRITE, FLUSH, DISCARD, WRITE_ZEROES -> Direction.WRITE;
    };
  }

  /** What it moves, see the package's description. */
  private static long bytes(DeviceRequest request) {
    return switch (request.op()) {
      case READ, WRITE, CACHE -> request.length();
      case FLUSH, DISCARD, WRITE_ZEROES, EXTENTS -> 0;
    };
  }

  /** Fails what waits for its turn, and closes the disk. */
  @Override
  public CompletionStage<Void> close() {
    LimitMember old;
    synchronized (this) {
      closed = true;
      old = member;
      member = null;
    }
    Waiting next;
    for (Waiting w = old == null ? null : old.leave(nanoClock.getAsLong()); w != null; w = next) {
      next = w.next();
      DeviceRequest.fail(
          free(w),
          new DeviceClosedException(
              "the disk '" + name + "' was closed while the request waited for its limit"));
    }
    return device.close();
  }

  @Override
  public Lease lease() throws DeviceClosedException {
    return device.lease();
  }

  @Override
  public long fileSystem() {
    return device.fileSystem();
  }

  @Override
  public long capacity() {
    return device.capacity();
  }

  @Override
  public boolean readOnly() {
    return device.readOnly();
  }

  @Override
  public int blockSize() {
    return device.blockSize();
  }

  // ---- Waiting requests

  /** A request that waits. Made once for each that ever waited at the same time, then reused. */
  private final class Held extends Waiting {
    @Nullable DeviceRequest request;
    @Nullable Held nextSpare;

    @Override
    protected void passed() {
      DeviceRequest passing = free(this);
      RequestTimes times = passing.times();
      if (times != null) times.passed(nanoClock.getAsLong());
      device.submit(passing);
    }
  }

  private synchronized Held hold(DeviceRequest request) {
    Held held = spare;
    if (held == null) held = new Held();
    spare = held.nextSpare;
    held.nextSpare = null;
    held.request = request;
    return held;
  }

  /** Makes the object free for another use; returns the request that it held. */
  private synchronized DeviceRequest free(Waiting waiting) {
    Held held = (Held) waiting;
    DeviceRequest request = held.request;
    assert request != null;
    held.request = null;
    held.nextSpare = spare;
    spare = held;
    return request;
  }
}
