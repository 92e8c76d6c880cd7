package dev.varve.bench.compare;

import java.io.IOException;
import java.nio.file.Path;

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
      var slots = new BusySlots(load.depth());
      return slots.keepBusy(new Ring(session, slots, new Blocks(load, range)), seconds);
    }
  }

  private record Ring(GuestSession session, BusySlots slots, Blocks blocks)
      implements BusySlots.Exchange {

    @Override
    public void ask(long now) {
      while (slots.hasFree()) {
        int type = blocks.isRead() ? GuestSession.READ : GuestSession.WRITE;
        session.offer(slots.take(now), type, blocks.next());
      }
      session.submit();
    }

    @Override
    public long receive() throws IOException {
      int answered = session.await();
      long now = System.nanoTime();
      for (; answered > 0; answered--) slots.give(session.take(), now);
      return now;
    }
  }
}
