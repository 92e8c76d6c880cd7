package dev.varve.bench.micro;

import dev.varve.bench.compare.GuestSession;
import dev.varve.io.client.Clients;
import dev.varve.io.polling.Polling;
import dev.varve.io.vhost.VhostServer;
import java.io.IOException;
import java.time.Duration;
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
 * 4 KiB requests to a disk in memory through the ring of a guest: the kick, the descriptors, the
 * chain of images, the answer, the call. 32 requests are offered at once and all answers awaited;
 * times are for each request, and so is what is allocated: nothing, but for the end of the server,
 * which falls into the last iteration. JMH calls it from one thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class VhostBenchmark {

  private static final int BATCH = 32;

  private final Offsets offsets = new Offsets(ChainOnDisk.CAPACITY);
  private ServedDisk disk;
  private VhostServer server;
  private GuestSession guest;

  @Setup
  public void serve() throws IOException {
    disk = new ServedDisk();
    var polling = new Polling(Duration.ZERO, System::nanoTime);
    server = new VhostServer(disk.vertx(), polling, new Clients(), System::nanoTime);
    server.publish(disk.socket(), disk.export());
    guest = GuestSession.open(disk.socket(), BATCH, Offsets.PAGE);
  }

  @TearDown
  public void stop() throws IOException {
    guest.close();
    server.close().await();
    disk.close();
  }

  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void read() throws IOException {
    exchange(GuestSession.READ);
  }

  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void write() throws IOException {
    exchange(GuestSession.WRITE);
  }

  private void exchange(int type) throws IOException {
    for (int slot = 0; slot < BATCH; slot++) guest.offer(slot, type, offsets.next());
    guest.submit();
    for (int taken = 0; taken < BATCH; ) {
      for (int answered = guest.await(); answered > 0; answered--, taken++) guest.take();
    }
  }
}
