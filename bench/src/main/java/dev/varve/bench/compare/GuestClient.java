package dev.varve.bench.compare;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * What {@link LeanClient} is for NBD, for vhost-user-blk: one thread that offers all requests that
 * are due, kicks once, and takes all answers that have come. Used by one thread; blocks.
 */
final class GuestClient implements Load.Client {

  @Override
  public Load.Result run(Path socket, Load load, Load.Range range, double seconds)
      throws IOException {
    if (load.once() || load.flushEvery() > 0)
      throw new IllegalArgumentException("this client cannot do it: " + load);
    try (var session = GuestSession.open(socket, load.depth(), load.blockSize())) {
      if (range.offset() + range.length() > session.capacity())
        throw new IOException("the disk has only " + session.capacity() + " bytes");
      return new Run(session, load, range).forSeconds(seconds);
    }
  }

  private static final class Run {
    private final GuestSession session;
    private final Blocks blocks;
    private final int[] free;
    private final long[] offeredAt;
    private final LatencyHistogram latencies = new LatencyHistogram();
    private int freeCount;

    Run(GuestSession session, Load load, Load.Range range) {
      this.session = session;
      blocks = new Blocks(load, range);
      free = new int[load.depth()];
      for (int i = 0; i < free.length; i++) free[i] = i;
      freeCount = free.length;
      offeredAt = new long[load.depth()];
    }

    Load.Result forSeconds(double seconds) throws IOException {
      long begun = System.nanoTime();
      long end = begun + (long) (seconds * TimeUnit.SECONDS.toNanos(1));
      long now = begun;
      while (now < end) {
        offerAll(now);
        now = takeAll();
      }
      var result =
          new Load.Result(
              latencies.total(),
              (now - begun) / 1e9,
              latencies.percentile(50),
              latencies.percentile(99));
      while (freeCount < free.length) takeAll();
      return result;
    }

    private void offerAll(long now) {
      while (freeCount > 0) {
        int slot = free[--freeCount];
        session.offer(
            slot, blocks.isRead() ? GuestSession.READ : GuestSession.WRITE, blocks.next());
        offeredAt[slot] = now;
      }
      session.submit();
    }

    /** Waits for answers and takes them; returns the time after the wait. */
    private long takeAll() throws IOException {
      int answered = session.await();
      long now = System.nanoTime();
      for (; answered > 0; answered--) {
        int slot = session.take();
        latencies.add(now - offeredAt[slot]);
        free[freeCount++] = slot;
      }
      return now;
    }
  }
}
