package dev.varve.io.nbd;

import java.util.Queue;
import java.util.concurrent.atomic.AtomicLong;
import org.jctools.queues.varhandle.MpmcVarHandleArrayQueue;

/**
 * What the event loops of a server share of their buffers: those that no loop needs now, and the
 * count of those in use. Thread safe.
 *
 * <p>A client may hold an eighth of what nobody holds, its {@link #share}. So one alone gets much,
 * a hundred get the same each, and however many there are, the next one finds something: what
 * clients that take no replies can keep comes near the bound and does not reach it. One request
 * that needs all its buffers at once may take half of what is free, {@link #admits}. Beyond the
 * bound goes only what every client may have whatever others hold: one request, and small buffers.
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
  BufferPool small() {
    return new BufferPool(NbdLoop.SMALL, 32, this, spareSmall);
  }

  /** The pool of one loop's buffers of {@link NbdLoop#LARGE} bytes. */
  BufferPool large() {
    return new BufferPool(NbdLoop.LARGE, 4, this, spareLarge);
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
   * @throws OutOfMemoryError twice as much as is meant to be in use is in use
   */
  LoopBuffer allocate(BufferPool pool) {
    if (inUse.get() >= 2 * most) {
      throw new OutOfMemoryError("clients hold " + inUse + " bytes of buffers");
    }
    return LoopBuffer.allocate(pool.size(), pool);
  }
}
