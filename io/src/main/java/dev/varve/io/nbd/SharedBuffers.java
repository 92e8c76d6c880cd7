package dev.varve.io.nbd;

import io.netty.util.concurrent.EventExecutor;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicLong;
import org.jctools.queues.varhandle.MpmcVarHandleArrayQueue;

/**
 * What the event loops of a server share of their buffers: those that no loop needs now, and the
 * count of those in use. Thread-safe.
 *
 * <p>A client may hold an eighth of what is free, its {@link #share}. So a client alone gets much,
 * a hundred get the same each, and the next one always finds something: what clients that take no
 * replies can keep comes near the bound and does not reach it. One request that needs all its
 * buffers at once may take half of what is free, {@link #admits}. Only what every client may have,
 * one request and small buffers, goes beyond the bound.
 */
final class SharedBuffers {

  private static final int PART_OF_FREE = 8;

  private static final int ALWAYS_ADMITTED = 4 * NbdLoop.LARGE;

  private final long most;
  private final AtomicLong inUse = new AtomicLong();
  private final Queue<LoopBuffer> spareSmall = new MpmcVarHandleArrayQueue<>(256);
  private final Queue<LoopBuffer> spareLarge = new MpmcVarHandleArrayQueue<>(128);

  /**
   * @param most how many bytes are meant to be in use at once. What every client needs for one
   *     request is taken beyond it, up to twice as much.
   */
  SharedBuffers(long most) {
    this.most = most;
  }

  /** The pool of one loop's buffers of {@link NbdLoop#SMALL} bytes. */
  BufferPool small(EventExecutor loop) {
    return new BufferPool(NbdLoop.SMALL, 32, this, loop, spareSmall);
  }

  /** The pool of one loop's buffers of {@link NbdLoop#LARGE} bytes. */
  BufferPool large(EventExecutor loop) {
    return new BufferPool(NbdLoop.LARGE, 4, this, loop, spareLarge);
  }

  /** How much one client may hold now, in bytes; 0 if all is in use. */
  long share() {
    return Math.max(0, most - inUse.get()) / PART_OF_FREE;
  }

  /** Whether one request that needs all its buffers at once, so many bytes, may have them. */
  boolean admits(int bytes) {
    return bytes <= Math.max(ALWAYS_ADMITTED, (most - inUse.get()) / 2);
  }

  /** A pool has lent, or got back, so many bytes. */
  void lent(long bytes) {
    inUse.addAndGet(bytes);
  }

  /**
   * Makes a buffer.
   *
   * @throws OutOfMemoryError if twice the intended amount is in use
   */
  LoopBuffer allocate(BufferPool pool) {
    if (inUse.get() >= 2 * most) {
      throw new OutOfMemoryError("clients hold " + inUse + " bytes of buffers");
    }
    return LoopBuffer.allocate(pool.size(), pool);
  }
}
