package dev.varve.bench.micro;

import dev.varve.core.device.Export;
import dev.varve.core.medium.ImageFormat;
import dev.varve.io.nbd.NbdServer;
import dev.varve.io.nbd.ReplyStyle;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
  private Vertx vertx;
  private NbdServer server;
  private ChainOnDisk chain;
  private Path folder;
  private NbdBatch reads;
  private NbdBatch writes;

  @Setup
  public void serve() throws IOException {
    vertx = Vertx.builder().with(new VertxOptions().setPreferNativeTransport(true)).build();
    chain = new ChainOnDisk(ImageFormat.VDI, 2, true);
    server = new NbdServer(vertx, ReplyStyle.STRUCTURED);
    server.publish(new Export("disk", "", chain.device(), false, true, false));
    folder = Files.createTempDirectory("varve-micro-");
    Path socket = folder.resolve("socket");
    server.listenUnix(socket).await();
    reads = NbdBatch.ofReads(socket, BATCH);
    writes = NbdBatch.ofWrites(socket, BATCH);
  }

  @TearDown
  public void stop() throws IOException {
    reads.close();
    writes.close();
    server.close().await();
    chain.close();
    vertx.close().await();
    Files.delete(folder);
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
