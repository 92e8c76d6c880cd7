package dev.varve.bench.micro;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.medium.ImageFormat;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The cost for an emulator in the same process: 4 KiB from the disk into its memory and back, one
 * request or eight at once, each a stage that completes. No socket. JMH calls it from one thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class InProcessBenchmark {

  private static final int OUTSTANDING = 8;

  private final Offsets offsets = new Offsets(ChainOnDisk.CAPACITY);
  private final MemorySegment[] pages = new MemorySegment[OUTSTANDING];
  private final List<CompletionStage<Void>> stages = new ArrayList<>();
  private ChainOnDisk chain;
  private BlockDevice disk;

  @Setup
  public void open() throws IOException {
    chain = new ChainOnDisk(ImageFormat.VDI, 2, true);
    disk = chain.device();
    Arrays.setAll(pages, _ -> chain.memory(Offsets.PAGE));
  }

  @TearDown
  public void close() throws IOException {
    chain.close();
  }

  @Benchmark
  public void read() {
    disk.read(offsets.next(), pages[0]).toCompletableFuture().join();
  }

  @Benchmark
  public void write() {
    disk.write(offsets.next(), pages[0]).toCompletableFuture().join();
  }

  @Benchmark
  @OperationsPerInvocation(OUTSTANDING)
  public void readEightAtOnce() {
    for (MemorySegment page : pages) stages.add(disk.read(offsets.next(), page));
    await();
  }

  @Benchmark
  @OperationsPerInvocation(OUTSTANDING)
  public void writeEightAtOnce() {
    for (MemorySegment page : pages) stages.add(disk.write(offsets.next(), page));
    await();
  }

  private void await() {
    for (CompletionStage<Void> stage : stages) stage.toCompletableFuture().join();
    stages.clear();
  }
}
