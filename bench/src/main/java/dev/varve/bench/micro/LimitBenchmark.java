package dev.varve.bench.micro;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.ReadSink;
import dev.varve.core.limit.BandwidthLimits;
import dev.varve.core.limit.Direction;
import dev.varve.core.limit.LimitGroup;
import dev.varve.core.limit.LimitMember;
import dev.varve.core.limit.LimitedDevice;
import dev.varve.core.limit.Waiting;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The cost of a bandwidth group for a request: without limits (goal: under 2 ns), with limits and
 * budget (under 100 ns), and when it has to wait, all without allocating (the gc profiler's norm is
 * 0). The same of a read through {@link LimitedDevice}, beside one without it. JMH calls it from
 * one thread, or from as many as a benchmark says.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class LimitBenchmark {

  private static final long PLENTY = 1L << 50;
  private static final int LENGTH = 4096;

  private final LimitMember unlimited = member(BandwidthLimits.NONE);
  private final LimitMember limited = member(BandwidthLimits.ofBytes(PLENTY));
  private final LimitMember limitedInEveryWay =
      member(
          new BandwidthLimits(
              PLENTY, PLENTY, PLENTY, PLENTY, PLENTY, PLENTY, BandwidthLimits.DEFAULT_BURST));

  /** A microsecond for each request. */
  private final LimitMember scarce = member(BandwidthLimits.ofBytes(LENGTH * 1_000_000L));

  private final BlockDevice disk = new NoDisk();
  private final BlockDevice diskInNoGroup = disk(null);
  private final BlockDevice diskWithoutLimit = disk(unlimited.group());
  private final BlockDevice diskWithinLimit = disk(limited.group());
  private final ReadSink nowhere = new Nowhere();

  private final Passage passage = new Passage();
  private long now;

  private static LimitMember member(BandwidthLimits limits) {
    return new LimitGroup(limits, (_, _) -> {}, 0).join("member", 0);
  }

  private static BlockDevice disk(@Nullable LimitGroup group) {
    var disk = new LimitedDevice(new NoDisk(), "disk", System::nanoTime);
    disk.limitTo(group);
    return disk;
  }

  @Benchmark
  public boolean disk() throws IOException {
    return disk.tryRead(0, LENGTH, nowhere);
  }

  @Benchmark
  public boolean diskInNoGroup() throws IOException {
    return diskInNoGroup.tryRead(0, LENGTH, nowhere);
  }

  @Benchmark
  public boolean diskWithoutLimit() throws IOException {
    return diskWithoutLimit.tryRead(0, LENGTH, nowhere);
  }

  @Benchmark
  public boolean diskWithinLimit() throws IOException {
    return diskWithinLimit.tryRead(0, LENGTH, nowhere);
  }

  @Benchmark
  public boolean withoutLimits() {
    return unlimited.tryPass(Direction.READ, 1, LENGTH, 0);
  }

  @Benchmark
  public boolean passes() {
    return limited.tryPass(Direction.READ, 1, LENGTH, now += 100);
  }

  @Benchmark
  public boolean passesAllSixLimits() {
    return limitedInEveryWay.tryPass(Direction.WRITE, 1, LENGTH, now += 100);
  }

  /** As {@code LimitedDevice} asks, which reads the clock for each limited request. */
  @Benchmark
  public boolean passesWithTheClockRead() {
    return limited.tryPass(Direction.READ, 1, LENGTH, System.nanoTime());
  }

  /** Into the queue, and out of it when the alarm rings. */
  @Benchmark
  public int waitsAndPasses() {
    scarce.enqueue(passage, Direction.READ, 1, LENGTH, now);
    if (passage.isWaiting()) scarce.group().ring(now += 1000);
    return passage.passed;
  }

  /** Two event loops that do nothing else: the worst contention for the group's lock. */
  @Benchmark
  @Threads(2)
  public boolean passesFromTwoLoops(Shared shared) {
    return shared.member.tryPass(Direction.READ, 1, LENGTH, System.nanoTime());
  }

  /** A member that all threads use. */
  @State(Scope.Benchmark)
  public static class Shared {
    final LimitMember member = member(BandwidthLimits.ofBytes(PLENTY));
  }

  private static final class Nowhere implements ReadSink {
    @Override
    public void bytes(MemorySegment memory, long offset, int length) {}

    @Override
    public void zeroes(int length) {}
  }

  private static final class Passage extends Waiting {
    int asked;
    int passed;

    boolean isWaiting() {
      return ++asked != passed;
    }

    @Override
    protected void passed() {
      passed++;
    }
  }
}
