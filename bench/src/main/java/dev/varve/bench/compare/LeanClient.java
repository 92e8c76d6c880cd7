package dev.varve.bench.compare;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/**
 * The least that a client can do: one thread, one write for all requests that are due, one read for
 * all replies that have come. fio needs several times the CPU for each request, so with a fast
 * server it is fio that is measured. Used by one thread; blocks.
 */
final class LeanClient implements Load.Client {

  private static final int SMALLEST_INBOUND = 1 << 20;

  @Override
  public Load.Result run(Path socket, Load load, Load.Range range, double seconds)
      throws IOException {
    return run(socket, "", load, range, seconds);
  }

  /** The same on a named export. */
  Load.Result run(Path socket, String export, Load load, Load.Range range, double seconds)
      throws IOException {
    try (NbdSession session = NbdSession.open(socket, export)) {
      var slots = new BusySlots(load.depth());
      return slots.keepBusy(new Stream(session.channel(), slots, load, range), seconds);
    }
  }

  private static final class Stream implements BusySlots.Exchange {
    private final SocketChannel channel;
    private final BusySlots slots;
    private final Load load;
    private final Blocks blocks;
    private final ByteBuffer out;
    private final ByteBuffer in;
    private final boolean[] reads;
    private int parsed;

    Stream(SocketChannel channel, BusySlots slots, Load load, Load.Range range) {
      if (load.once() || load.flushEvery() > 0) {
        throw new IllegalArgumentException("fio does these: " + load);
      }
      this.channel = channel;
      this.slots = slots;
      this.load = load;
      blocks = new Blocks(load, range);
      int request = NbdSession.REQUEST_LENGTH + (load.readsOnly() ? 0 : load.blockSize());
      int reply = NbdSession.REPLY_LENGTH + load.blockSize();
      out = ByteBuffer.allocateDirect(load.depth() * request);
      while (out.hasRemaining()) out.put((byte) (out.position() * 31));
      // All that can be under way fits behind the middle, where what is left over is moved from.
      in = ByteBuffer.allocateDirect(Math.max(SMALLEST_INBOUND, 2 * load.depth() * reply));
      reads = new boolean[load.depth()];
    }

    @Override
    public void ask(long now) throws IOException {
      if (!slots.hasFree()) return;
      out.clear();
      while (slots.hasFree()) {
        int slot = slots.take(now);
        boolean read = blocks.isRead();
        out.putInt(NbdSession.REQUEST_MAGIC);
        out.putInt(read ? NbdSession.READ : NbdSession.WRITE);
        out.putLong(slot);
        out.putLong(blocks.next());
        out.putInt(load.blockSize());
        if (!read) out.position(out.position() + load.blockSize());
        reads[slot] = read;
      }
      out.flip();
      while (out.hasRemaining()) channel.write(out);
    }

    @Override
    public long receive() throws IOException {
      if (channel.read(in) < 0) throw new EOFException("the server closed the connection");
      long now = System.nanoTime();
      parse(now);
      return now;
    }

    /**
     * Takes every reply that has come whole; the rest of one moves to the front if room is short.
     */
    private void parse(long now) throws IOException {
      int end = in.position();
      while (end - parsed >= NbdSession.REPLY_LENGTH) {
        int slot = slot();
        int length = NbdSession.REPLY_LENGTH + (reads[slot] ? load.blockSize() : 0);
        if (end - parsed < length) break;
        parsed += length;
        slots.give(slot, now);
      }
      if (parsed == end) {
        in.clear();
        parsed = 0;
      } else if (parsed > in.capacity() / 2) {
        in.flip().position(parsed);
        in.compact();
        parsed = 0;
      }
    }

    private int slot() throws IOException {
      if (in.getInt(parsed) != NbdSession.REPLY_MAGIC) {
        throw new IOException("not a simple reply: " + Integer.toHexString(in.getInt(parsed)));
      }
      int error = in.getInt(parsed + 4);
      if (error != 0) throw new IOException("the server answered with NBD error " + error);
      return (int) in.getLong(parsed + 8);
    }
  }
}
