package dev.varve.bench.micro;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.ReadSink;
import dev.varve.core.medium.ImageFormat;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Random 4 KiB requests to a chain of 1, 8 or 64 images, served in the calling thread. What a read
 * costs must not depend on the depth or the format: there is one look-up.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ChainBenchmark {

  @Param({"1", "8", "64"})
  private int depth;

  @Param({"VDI", "VMDK", "VHD"})
  private ImageFormat format = ImageFormat.VDI;

  private final Offsets offsets = new Offsets(ChainOnDisk.CAPACITY);
  private final FirstBytes sink = new FirstBytes();
  private ChainOnDisk readChain;
  private ChainOnDisk writeChain;
  private MemorySegment page;

  /** Touches each run once, as a socket would. */
  private static final class FirstBytes implements ReadSink {
    private long sum;

    @Override
    public void bytes(MemorySegment memory, long offset, int length) {
      sum += memory.get(ValueLayout.JAVA_BYTE, offset);
    }

    @Override
    public void zeroes(int length) {
      throw new AssertionError("every block was written");
    }
  }

  @Setup
  public void open() throws IOException {
    readChain = new ChainOnDisk(format, depth, false);
    writeChain = new ChainOnDisk(format, depth, true);
    page = writeChain.memory(Offsets.PAGE).fill((byte) 7);
  }

  @TearDown
  public void close() throws IOException {
    readChain.close();
    writeChain.close();
  }

  /** Finding a page in the chain, without copying it. */
  @Benchmark
  public long read() throws IOException {
    if (!readChain.device().tryRead(offsets.next(), Offsets.PAGE, sink)) {
      throw new AssertionError("the chain is in memory");
    }
    return sink.sum;
  }

  /**
   * A write to a block that the top image holds; goes to storage threads when the host is behind.
   */
  @Benchmark
  public void write() throws IOException {
    BlockDevice device = writeChain.device();
    long offset = offsets.next();
    if (!device.tryWrite(offset, page)) device.write(offset, page).toCompletableFuture().join();
  }
}
