package dev.varve.bench.micro;

import dev.varve.io.chain.DifferencingChain;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.NewImage;
import dev.varve.io.vdi.VdiCreator;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
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
 * The first write to a block: 4 KiB into blocks that no image of the chain holds, one after the
 * other. It changes where blocks lie and therefore goes to a storage thread and back.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3)
@Measurement(iterations = 5)
@Fork(1)
public class AllocationBenchmark {

  private static final int BLOCKS = 2000;
  private static final int BLOCK = NewImage.DEFAULT_BLOCK_SIZE;

  private final StorageThreads threads = new StorageThreads(4);
  private final MemorySegment page = Arena.global().allocate(Offsets.PAGE, Offsets.PAGE);
  private Path folder;
  private DifferencingChain chain;

  @Setup(Level.Iteration)
  public void create() throws IOException {
    folder = Files.createTempDirectory("varve-micro-");
    Path path = folder.resolve("image.vdi");
    long capacity = (long) BLOCKS * BLOCK;
    VdiCreator.create(path, NewImage.dynamic(capacity, UUID::randomUUID));
    chain = DifferencingChain.open(List.of(path), false, threads);
  }

  @TearDown(Level.Iteration)
  public void delete() throws IOException {
    chain.close().toCompletableFuture().join();
    Files.delete(folder.resolve("image.vdi"));
    Files.delete(folder);
  }

  @TearDown
  public void stop() {
    threads.close();
  }

  @Benchmark
  @OperationsPerInvocation(BLOCKS)
  public void firstWrites() {
    for (int block = 0; block < BLOCKS; block++) {
      chain.write((long) block * BLOCK, page).toCompletableFuture().join();
    }
  }
}
