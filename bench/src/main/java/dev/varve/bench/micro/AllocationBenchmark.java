package dev.varve.bench.micro;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumVariant;
import dev.varve.io.chain.ChainFiles;
import dev.varve.io.chain.DifferencingChain;
import dev.varve.io.storage.StorageThreads;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The first write to a block: 4 KiB at the beginning of each MiB, one after the other. It changes
 * where blocks lie and therefore goes to a storage thread and back. In an image of its own, where
 * nothing lies below; and in a child of an image that holds everything, until it is durable: then
 * the rest of each block is copied from below.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3)
@Measurement(iterations = 5)
@Fork(1)
public class AllocationBenchmark {

  private static final int BLOCKS = 1000;
  private static final int STRIDE = 1 << 20;

  private final MemorySegment page = Arena.global().allocate(Offsets.PAGE, Offsets.PAGE);

  /** A folder with an image that holds the whole disk. */
  @State(Scope.Thread)
  public static class Disks {
    @Param({"VDI", "VMDK", "VHD"})
    private ImageFormat format = ImageFormat.VDI;

    private final StorageThreads threads = new StorageThreads(4);
    private Path folder;
    private Image full;

    @Setup
    public void makeBase() throws IOException {
      folder = Files.createTempDirectory("varve-micro-");
      full = make("full", null);
      DifferencingChain base = open(full);
      try (Arena arena = Arena.ofShared()) {
        MemorySegment block = arena.allocate(STRIDE, Offsets.PAGE).fill((byte) 5);
        for (int i = 0; i < BLOCKS; i++)
          base.write((long) i * STRIDE, block).toCompletableFuture().join();
      }
      base.close().toCompletableFuture().join();
    }

    private Image make(String name, @Nullable Image parent) throws IOException {
      Path file = folder.resolve(name + "." + format.text().toLowerCase(Locale.ROOT));
      Files.deleteIfExists(file);
      var id = new MediumId(UUID.randomUUID());
      var files = new ChainFiles(threads);
      if (parent != null) {
        files.createChild(file, id, format, parent);
      } else {
        long capacity = (long) BLOCKS * STRIDE;
        files.create(file, id, format, MediumVariant.STANDARD, capacity, Announcement.UNHEARD);
      }
      return new Image(file, format, id);
    }

    private DifferencingChain open(Image... images) throws IOException {
      return DifferencingChain.open(new ImageChain(List.of(images)), false, threads);
    }

    @TearDown
    public void stop() throws IOException {
      threads.close();
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file : files.toList()) Files.delete(file);
      }
      Files.delete(folder);
    }
  }

  /** The image is new for each iteration. */
  @State(Scope.Thread)
  public static class Alone {
    private DifferencingChain chain;

    @Setup(Level.Iteration)
    public void make(Disks disks) throws IOException {
      chain = disks.open(disks.make("alone", null));
    }

    @TearDown(Level.Iteration)
    public void close() {
      chain.close().toCompletableFuture().join();
    }
  }

  /** The child is new for each iteration. */
  @State(Scope.Thread)
  public static class Child {
    private DifferencingChain chain;

    @Setup(Level.Iteration)
    public void make(Disks disks) throws IOException {
      chain = disks.open(disks.full, disks.make("child", disks.full));
    }

    @TearDown(Level.Iteration)
    public void close() {
      chain.close().toCompletableFuture().join();
    }
  }

  @Benchmark
  @OperationsPerInvocation(BLOCKS)
  public void firstWrites(Alone alone) {
    touch(alone.chain);
  }

  @Benchmark
  @OperationsPerInvocation(BLOCKS)
  public void firstWritesInChild(Child child) {
    touch(child.chain);
    child.chain.flush().toCompletableFuture().join();
  }

  private void touch(DifferencingChain chain) {
    for (int block = 0; block < BLOCKS; block++) {
      chain.write((long) block * STRIDE, page).toCompletableFuture().join();
    }
  }
}
