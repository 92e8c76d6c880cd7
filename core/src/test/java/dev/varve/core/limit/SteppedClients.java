package dev.varve.core.limit;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongUnaryOperator;

/**
 * Clients of one group on a clock that is moved from alarm to alarm. A client always has a number
 * of requests waiting or served: one that passes is served in no time and asked again.
 */
final class SteppedClients implements Alarm {

  static final long SECOND = 1_000_000_000;
  static final long MILLISECOND = 1_000_000;
  private static final long NEVER = Long.MAX_VALUE;

  /** Turns the time an alarm was set for into the one it rings at. */
  LongUnaryOperator lateness = at -> at;

  long now;
  final LimitGroup group;
  final List<Client> clients = new ArrayList<>();

  /** When what passed, and how much, since {@link #record}. */
  final Passages passages = new Passages();

  private long alarmAt = NEVER;
  private final ArrayDeque<Client.Request> ready = new ArrayDeque<>();

  SteppedClients(BandwidthLimits limits) {
    this(limits, 0);
  }

  SteppedClients(BandwidthLimits limits, long startNanos) {
    now = startNanos;
    group = new LimitGroup(limits, this, now);
  }

  @Override
  public void set(LimitGroup group, long nanoTime) {
    alarmAt = Math.max(now, lateness.applyAsLong(nanoTime));
  }

  Client client(Direction direction, int depth, long length) {
    var client = new Client(direction, depth, length);
    clients.add(client);
    for (int i = 0; i < depth; i++) ready.add(client.new Request());
    pump();
    return client;
  }

  /** Moves the clock on by so much, ringing on the way. */
  void run(long nanos) {
    long end = now + nanos;
    while (alarmAt != NEVER && alarmAt - end <= 0) {
      now = alarmAt;
      alarmAt = NEVER;
      group.ring(now);
      pump();
    }
    now = end;
  }

  void change(BandwidthLimits limits) {
    group.change(limits, now);
    pump();
  }

  private void pump() {
    for (Client.Request r = ready.poll(); r != null; r = ready.poll()) r.ask();
  }

  long bytes() {
    return clients.stream().mapToLong(c -> c.bytes).sum();
  }

  final class Client {
    final LimitMember member;
    final Direction asks;
    final long size;
    long bytes;
    long operations;
    long firstPassed = -1;
    boolean stopped;

    Client(Direction direction, int depth, long length) {
      asks = direction;
      size = length;
      member = group.join("client " + clients.size() + " of depth " + depth, now);
    }

    /** Asks for one request more, which is not repeated. */
    void askOnce(Direction direction, long length) {
      if (member.tryPass(direction, 1, length, now)) {
        passed(length);
        return;
      }
      member.enqueue(
          new Waiting() {
            @Override
            protected void passed() {
              Client.this.passed(length);
            }
          },
          direction,
          1,
          length,
          now);
    }

    private void passed(long length) {
      if (firstPassed < 0) firstPassed = now;
      bytes += length;
      operations++;
      passages.add(now, length);
    }

    final class Request extends Waiting {
      void ask() {
        if (stopped) return;
        if (member.tryPass(asks, 1, size, now)) passed();
        else if (!member.enqueue(this, asks, 1, size, now)) stopped = true;
      }

      @Override
      protected void passed() {
        Client.this.passed(size);
        ready.add(this);
      }
    }
  }

  /** A record of what passed when. */
  static final class Passages {
    private final List<long[]> all = new ArrayList<>();

    void add(long time, long length) {
      long[] last = all.isEmpty() ? null : all.getLast();
      if (last != null && last[0] == time) {
        last[1] += length;
        last[2] = Math.max(last[2], length);
      } else {
        all.add(new long[] {time, length, length});
      }
    }

    /**
     * The most that passed in any half-open window of so many nanoseconds from {@code begin} on.
     */
    long mostIn(long window, long begin) {
      long most = 0;
      long sum = 0;
      for (int from = firstFrom(begin), to = from; to < all.size(); to++) {
        sum += all.get(to)[1];
        for (; all.get(to)[0] - all.get(from)[0] >= window; from++) sum -= all.get(from)[1];
        most = Math.max(most, sum);
      }
      return most;
    }

    /** The least that passed in any such window that ends by {@code end}. */
    long leastIn(long window, long begin, long end) {
      long least = Long.MAX_VALUE;
      long sum = 0;
      // The emptiest windows begin right after something passed.
      int from = firstFrom(begin);
      for (int to = from + 1; from < all.size(); ) {
        long until = all.get(from)[0] + window; // window ]from, until]
        if (until > end) break;
        for (; to < all.size() && all.get(to)[0] <= until; to++) sum += all.get(to)[1];
        least = Math.min(least, sum);
        if (++from < all.size() && from < to) sum -= all.get(from)[1];
      }
      return least;
    }

    private int firstFrom(long begin) {
      int i = 0;
      while (i < all.size() && all.get(i)[0] < begin) i++;
      return i;
    }

    int count() {
      return all.size();
    }

    long time(int i) {
      return all.get(i)[0];
    }

    long length(int i) {
      return all.get(i)[1];
    }

    long largest(int i) {
      return all.get(i)[2];
    }
  }
}
