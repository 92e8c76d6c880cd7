package dev.varve.bench.micro;

import dev.varve.io.file.MappedFile;
import dev.varve.io.vdi.NewImage;
import dev.varve.io.vdi.VdiCreator;
import dev.varve.io.vdi.VdiImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One look-up in the block map of one image, where it lies in the file: what {@code ChainMap} asks
 * once for each block. JMH calls it from one thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class BlockMapBenchmark {

  private static final int BLOCKS = 1 << 20;

  private Path folder;
  private VdiImage image;
  private int block;

  @Setup
  public void open() throws IOException {
    folder = Files.createTempDirectory("varve-micro-");
    Path path = folder.resolve("image.vdi");
    long capacity = (long) BLOCKS * NewImage.DEFAULT_BLOCK_SIZE;
    VdiCreator.create(path, NewImage.dynamic(capacity, UUID::randomUUID));
    image = VdiImage.openReadOnly(MappedFile.openReadOnly(path, 0));
  }

  @TearDown
  public void close() throws IOException {
    image.close();
    Files.delete(folder.resolve("image.vdi"));
    Files.delete(folder);
  }

  @Benchmark
  public int entry() throws IOException {
    block = block + 7919 & BLOCKS - 1;
    return image.map().entry(block);
  }
}
