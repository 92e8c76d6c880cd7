package dev.varve.bench.micro;

import dev.varve.io.nbd.NbdServer;
import dev.varve.io.nbd.ReplyStyle;
import java.io.IOException;
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
 * 4 KiB requests to a disk in memory through everything that a socket's request goes through: the
 * kernel, Netty's pipeline, our parser, the chain, the reply, the kernel. 32 requests are sent at
 * once and all replies awaited; times are for each request, and so is what is allocated. JMH calls
 * it from one thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class NbdBenchmark {

  private static final int BATCH = 32;

  private final Offsets offsets = new Offsets(ChainOnDisk.CAPACITY);
  private ServedDisk disk;
  private NbdServer server;
  private NbdBatch reads;
  private NbdBatch writes;

  @Setup
  public void serve() throws IOException {
    disk = new ServedDisk();
    server = new NbdServer(disk.vertx(), ReplyStyle.STRUCTURED);
    server.publish(disk.export());
    server.listenUnix(disk.socket()).await();
    reads = NbdBatch.ofReads(disk.socket(), BATCH);
    writes = NbdBatch.ofWrites(disk.socket(), BATCH);
  }

  @TearDown
  public void stop() throws IOException {
    reads.close();
    writes.close();
    server.close().await();
    disk.close();
  }

  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void read() throws IOException {
    reads.exchange(offsets);
  }

  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void write() throws IOException {
    writes.exchange(offsets);
  }
}
