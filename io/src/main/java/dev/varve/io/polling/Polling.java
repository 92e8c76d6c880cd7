package dev.varve.io.polling;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.SelectStrategyFactory;
import io.netty.channel.epoll.EpollIoHandler;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;

/**
 * The event loops of a server that poll before they sleep. They share the processors: while half of
 * them are taken by polling, other loops sleep at once. Thread-safe.
 */
public final class Polling {

  private final long mostNanos;
  private final PollingLoops loops;
  private final LongSupplier waitedNanos;
  private final LongSupplier nanoTime;
  private final List<PollCounters> counters = new CopyOnWriteArrayList<>();

  /**
   * @param most how long a loop polls at most before it sleeps; zero for not at all
   * @param nanoTime the clock by which loops measure it
   */
  public Polling(Duration most, LongSupplier nanoTime) {
    this(
        most,
        nanoTime,
        Runtime.getRuntime().availableProcessors(),
        KernelWaits.ofThisHost()::nanos);
  }

  /**
   * @param processors how many the machine has
   * @param waitedNanos how long threads have waited for them so far
   */
  Polling(Duration most, LongSupplier nanoTime, int processors, LongSupplier waitedNanos) {
    mostNanos = most.toNanos();
    loops = new PollingLoops(processors);
    this.waitedNanos = waitedNanos;
    this.nanoTime = nanoTime;
  }

  /**
   * Makes what a loop needs to wait for sockets and other descriptors.
   *
   * @param usual that of loops on epoll which do not poll
   */
  public IoHandlerFactory loops(IoHandlerFactory usual) {
    if (mostNanos == 0) return usual;
    SelectStrategyFactory polling = this::strategy;
    return EpollIoHandler.newFactory(0, polling);
  }

  private PollStrategy strategy() {
    var own = new PollCounters();
    counters.add(own);
    return new PollStrategy(
        new PollPolicy(mostNanos), new ProcessorWait(waitedNanos), loops, own, nanoTime);
  }

  /** What it has cost so far, and what it was good for. */
  public PollTotals totals() {
    PollTotals sum = PollTotals.NONE;
    for (PollCounters each : counters) sum = each.plus(sum);
    return sum;
  }
}
