package dev.varve.bench.micro;

import dev.varve.io.posix.Posix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
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
 * Writes to a file in the page cache, whose folios are as large as what brought the file in made
 * them: the table of {@code io.file}'s package-info. The file is in the folder for temporary files,
 * {@code -jvmArgsAppend -Djava.io.tmpdir=FOLDER} names another. JMH calls it from one thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class FolioBenchmark {

  private static final int LENGTH = 64 << 20;
  private static final int MIB = 1 << 20;

  /** What brings the file into the page cache. */
  public enum Filled {
    READ_WITHOUT_ADVICE(Posix.POSIX_FADV_NORMAL, 0),
    READ_AFTER_RANDOM(Posix.POSIX_FADV_RANDOM, 0),
    WILLNEED(Posix.POSIX_FADV_WILLNEED, 0),
    WRITTEN_1_MIB(Posix.POSIX_FADV_NORMAL, MIB),
    WRITTEN_256_KIB(Posix.POSIX_FADV_NORMAL, 256 << 10),
    WRITTEN_64_KIB(Posix.POSIX_FADV_NORMAL, 64 << 10),
    WRITTEN_16_KIB(Posix.POSIX_FADV_NORMAL, 16 << 10),
    WRITTEN_4_KIB(Posix.POSIX_FADV_NORMAL, 4 << 10);

    private final int advice;

    /** How much is written at once; 0: nothing. */
    private final int piece;

    Filled(int advice, int piece) {
      this.advice = advice;
      this.piece = piece;
    }
  }

  @Param private Filled filled = Filled.READ_WITHOUT_ADVICE;

  private final Offsets offsets = new Offsets(LENGTH);
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory = arena.allocate(MIB, Posix.PAGE_SIZE);
  private Path file = Path.of("");
  private int fd;

  /** Empties the cache of the file, and fills it anew. */
  @Setup(Level.Iteration)
  public void fill() throws IOException {
    file = Files.createTempFile("varve-folio-", ".img");
    fd = Posix.open(file, Posix.O_RDWR | Posix.O_CLOEXEC, 0);
    write(MIB);
    Posix.fsync(fd);
    Posix.fadvise(fd, 0, 0, Posix.POSIX_FADV_DONTNEED);
    Posix.fadvise(fd, 0, 0, filled.advice);
    if (filled.piece > 0) {
      write(filled.piece);
      return;
    }
    MemorySegment page = memory.asSlice(0, Offsets.PAGE);
    for (long at = 0; at < LENGTH; at += Offsets.PAGE) Posix.pread(fd, page, at);
  }

  private void write(int piece) throws IOException {
    MemorySegment source = memory.asSlice(0, piece);
    for (long at = 0; at < LENGTH; at += piece) Posix.pwrite(fd, source, at);
  }

  @TearDown(Level.Iteration)
  public void delete() throws IOException {
    Posix.close(fd);
    Files.delete(file);
  }

  @TearDown
  public void free() {
    arena.close();
  }

  @Benchmark
  public void write4KiB() throws IOException {
    Posix.pwrite(fd, memory.asSlice(0, Offsets.PAGE), offsets.next());
  }

  @Benchmark
  public void overwrite1MiB() throws IOException {
    Posix.pwrite(fd, memory, offsets.next() & -MIB);
  }
}
