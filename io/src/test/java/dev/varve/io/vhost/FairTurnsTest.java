package dev.varve.io.vhost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.DeviceRequest.Op;
import dev.varve.core.device.Export;
import dev.varve.io.polling.Polling;
import dev.varve.io.testing.MemoryDevice;
import dev.varve.io.vhost.TestGuest.Buffer;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** A guest that asks without end, beside another one on the same event loop. */
@Timeout(value = 300, threadMode = ThreadMode.SEPARATE_THREAD)
class FairTurnsTest {

  private static final int MIB = 1 << 20;
  private static final int PAGE = 4096;

  /** What the busy guest reads at once: long work for the loop, and little for the guest. */
  private static final int LONG = 256 << 10;

  /** Chains of the busy guest in one of its turns: each costs one, and one for each 4 KiB. */
  private static final int A_TURN = 1024 / (1 + LONG / PAGE) + 1;

  private final Vertx vertx =
      Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(1));
  private final VhostServer server =
      new VhostServer(vertx, new Polling(Duration.ZERO, System::nanoTime), System::nanoTime, 1);
  private final Export busy = new Export("busy", "", new MemoryDevice(MIB), false, true, false);
  private final Export quiet = new Export("quiet", "", new MemoryDevice(MIB), false, true, false);
  private Path folder;

  @BeforeEach
  void serve() throws IOException {
    folder = Files.createTempDirectory("fair");
    server.publish(folder.resolve("busy"), busy);
    server.publish(folder.resolve("quiet"), quiet);
  }

  @AfterEach
  void close() throws IOException {
    await(server.close());
    await(vertx.close());
    Files.delete(folder);
  }

  @Test
  void requestWaitsForAFewTurnsOfABusyGuestOnly() throws Exception {
    try (var one = new TestGuest(folder.resolve("busy"), 1024, 8 * MIB).start(0);
        var other = new TestGuest(folder.resolve("quiet"), 128, MIB).start(0)) {
      assertEquals(BlockRequests.OK, other.write(0, new byte[PAGE]));
      var flood = new Flood(one);
      flood.start();
      while (served() < 100 * A_TURN) Thread.onSpinWait();
      long[] between = new long[101];
      for (int i = 0; i < between.length; i++) {
        long before = served();
        other.read(0, PAGE);
        between[i] = served() - before;
        other.reuse();
      }
      flood.end();
      Arrays.sort(between);
      long median = between[between.length / 2];
      assertTrue(median <= 40 * A_TURN, () -> "requests of the busy guest: " + median);
    }
  }

  private long served() {
    return busy.traffic().totals().operations().get(Op.READ).answered().count();
  }

  private static void await(Future<Void> future) {
    future.toCompletionStage().toCompletableFuture().join();
  }

  /** Keeps the ring of a guest full. */
  private static final class Flood extends Thread {
    private final TestGuest guest;
    private volatile boolean ended;

    Flood(TestGuest guest) {
      this.guest = guest;
      setDaemon(true);
    }

    @Override
    public void run() {
      long header = guest.put(guest.header(TestGuest.IN, 0));
      long data = guest.place(LONG);
      long status = guest.put(new byte[1]);
      int head =
          guest.chain(
              new Buffer(header, 16, false),
              new Buffer(data, LONG, true),
              new Buffer(status, 1, true));
      int size = 1024;
      for (int i = 0; i < size; i++) guest.offer(head);
      guest.publish();
      while (!ended) {
        int free = size - (guest.offered() - guest.usedIndex() & 0xffff);
        for (int i = 0; i < free; i++) guest.offer(head);
        if (free > 0) guest.publish();
        LockSupport.parkNanos(1_000_000); // what is in the ring takes much longer
      }
    }

    void end() throws InterruptedException {
      ended = true;
      join();
    }
  }
}
