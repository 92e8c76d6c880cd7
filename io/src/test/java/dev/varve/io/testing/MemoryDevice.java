package dev.varve.io.testing;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DeviceClosedException;
import dev.varve.core.device.DeviceRequest;
import dev.varve.core.device.ReadSink;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;

/**
 * A disk in native memory. What it holds is known by pages of 4 KiB; "cold", it has nothing at
 * hand, so that every request goes to its storage thread; "asleep", only what was fetched since.
 * Thread-safe.
 */
public final class MemoryDevice implements BlockDevice {

  public static final int PAGE = 4096;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private final AtomicIntegerArray held;
  private final boolean readOnly;
  private final Executor storage;
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private final AtomicIntegerArray fetched;
  private volatile long fileSystem;
  private volatile CountDownLatch host = new CountDownLatch(0);
  private volatile boolean cold;
  private volatile boolean asleep;
  private volatile long brokenAt = -1;
  private volatile IOException damage = new IOException("not broken");
  private volatile Runnable afterRead = () -> {};
  private volatile boolean closing;
  private int users;

  public MemoryDevice(long capacity) {
    this(capacity, false);
  }

  public MemoryDevice(long capacity, boolean readOnly) {
    this(
        capacity,
        readOnly,
        Executors.newFixedThreadPool(2, Thread.ofPlatform().daemon().factory()));
  }

  /**
   * Requests are carried out by {@code storage}; threads are shut down when the device is closed.
   */
  public MemoryDevice(long capacity, boolean readOnly, Executor storage) {
    this.memory = arena.allocate(capacity, PAGE);
    this.held = new AtomicIntegerArray(Math.toIntExact((capacity + PAGE - 1) / PAGE));
    this.fetched = new AtomicIntegerArray(held.length());
    this.readOnly = readOnly;
    this.storage = storage;
  }

  /** From now on nothing, or everything, is at hand. */
  public void cold(boolean cold) {
    this.cold = cold;
    asleep = false;
  }

  /** From now on a page is at hand once it has been fetched. */
  public void asleep() {
    for (int page = 0; page < fetched.length(); page++) fetched.set(page, 0);
    asleep = true;
  }

  private boolean atHand(long offset, int length) {
    if (cold || !asleep) return !cold;
    for (long at = offset; at < offset + length; at = pageEnd(page(at))) {
      if (fetched.get(page(at)) == 0) return false;
    }
    return true;
  }

  private void fetch(long offset, long length) {
    for (long at = offset; at < offset + length; at = pageEnd(page(at))) fetched.set(page(at), 1);
  }

  /** From now on the thread that writes waits as long as {@code host} is closed. */
  public void hang(long fileSystem, CountDownLatch host) {
    this.fileSystem = fileSystem;
    this.host = host;
  }

  @Override
  public long fileSystem() {
    return fileSystem;
  }

  /** From now on a request that reads or writes the byte at {@code offset} fails. */
  public void breakAt(long offset, IOException damage) {
    this.damage = damage;
    brokenAt = offset;
  }

  /** From now on something happens at the end of each read in place, in its thread. */
  public void afterRead(Runnable action) {
    afterRead = action;
  }

  private boolean broken(long offset, long length) {
    return brokenAt >= offset && brokenAt < offset + length;
  }

  @Override
  public long capacity() {
    return memory.byteSize();
  }

  @Override
  public boolean readOnly() {
    return readOnly;
  }

  @Override
  public int blockSize() {
    return PAGE;
  }

  @Override
  public boolean tryRead(long offset, int length, ReadSink sink) throws IOException {
    checkOpen();
    if (!atHand(offset, length)) return false;
    for (int run; length > 0; offset += run, length -= run) {
      int page = page(offset);
      boolean zero = held.get(page) == 0;
      long end = offset + length;
      long runEnd = pageEnd(page);
      while (runEnd < end && held.get(page(runEnd)) == 0 == zero) runEnd = pageEnd(page(runEnd));
      run = (int) (Math.min(runEnd, end) - offset);
      if (broken(offset, run)) throw damage;
      if (zero) sink.zeroes(run);
      else sink.bytes(memory, offset, run);
    }
    afterRead.run();
    return true;
  }

  @Override
  public boolean tryWrite(long offset, MemorySegment memory, long from, long length)
      throws IOException {
    checkOpen();
    if (cold || asleep) return false;
    if (broken(offset, length)) throw damage;
    awaitHost();
    store(offset, memory.asSlice(from, length));
    return true;
  }

  private void awaitHost() throws IOException {
    try {
      host.await();
    } catch (InterruptedException e) {
      throw new InterruptedIOException();
    }
  }

  private void store(long offset, MemorySegment source) {
    MemorySegment.copy(source, 0, memory, offset, source.byteSize());
    if (source.byteSize() == 0) return;
    for (int page = page(offset); page <= page(offset + source.byteSize() - 1); page++) {
      held.set(page, 1);
    }
  }

  private void zero(long offset, long length) {
    if (length == 0) return;
    memory.asSlice(offset, length).fill((byte) 0);
    long end = offset + length;
    int first = page(offset + PAGE - 1);
    int last = end == capacity() ? held.length() : page(end);
    for (int page = first; page < last; page++) held.set(page, 0);
  }

  @Override
  public void submit(DeviceRequest request) {
    if (!enter()) {
      DeviceRequest.fail(request, new DeviceClosedException("the memory disk is closed"));
      return;
    }
    storage.execute(
        () -> {
          IOException failure =
              broken(request.offset(), request.length()) ? damage : carryOut(request);
          leave();
          if (failure != null) DeviceRequest.fail(request, failure);
          else DeviceRequest.complete(request);
        });
  }

  /** Returns why it failed, or null: memory that is lent may be gone. */
  private @Nullable IOException carryOut(DeviceRequest request) {
    try {
      doAsTold(request);
      return null;
    } catch (InternalError e) {
      return new IOException(e);
    }
  }

  private void doAsTold(DeviceRequest request) {
    long offset = request.offset();
    long length = request.length();
    switch (request.op()) {
      case READ -> MemorySegment.copy(memory, offset, request.memory(), 0, length);
      case WRITE -> store(offset, request.memory());
      case DISCARD, WRITE_ZEROES -> zero(offset, length);
      case EXTENTS -> extents(request);
      case CACHE -> fetch(offset, length);
      case FLUSH -> {}
    }
  }

  private void extents(DeviceRequest request) {
    long end = request.offset() + request.length();
    for (long at = request.offset(), next; at < end; at = next) {
      int page = page(at);
      boolean zero = held.get(page) == 0;
      next = Math.min(end, pageEnd(page));
      while (next < end && held.get(page(next)) == 0 == zero) {
        next = Math.min(end, pageEnd(page(next)));
      }
      if (!request.extentSink().extent(next - at, zero ? 0 : 1, zero)) return;
    }
  }

  @Override
  public Lease lease() throws DeviceClosedException {
    if (!enter()) throw new DeviceClosedException("the memory disk is closed");
    return this::leave;
  }

  @Override
  public synchronized CompletionStage<Void> close() {
    closing = true;
    if (users == 0) release();
    return closed;
  }

  private synchronized boolean enter() {
    if (closing) return false;
    users++;
    return true;
  }

  private synchronized void leave() {
    if (--users == 0 && closing) release();
  }

  private void release() {
    if (!closed.complete(null)) return;
    if (storage instanceof ExecutorService threads) threads.shutdown();
    arena.close();
  }

  private void checkOpen() throws DeviceClosedException {
    if (closing) throw new DeviceClosedException("the memory disk is closed");
  }

  private static int page(long offset) {
    return (int) (offset / PAGE);
  }

  private static long pageEnd(int page) {
    return (page + 1L) * PAGE;
  }
}
