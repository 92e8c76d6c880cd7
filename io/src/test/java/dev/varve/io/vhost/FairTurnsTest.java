package dev.varve.io.vhost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.DeviceRequest.Op;
import dev.varve.io.testing.MemoryDevice;
import dev.varve.io.vhost.TestGuest.Buffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** A guest that asks or kicks without end, beside another one on the same event loop. */
@Timeout(value = 300, threadMode = ThreadMode.SEPARATE_THREAD)
class FairTurnsTest {

  private static final int MIB = 1 << 20;
  private static final int PAGE = 4096;
  private static final int RING = 1024;

  /** What the busy guest reads at once: long work for the loop, and little for the guest. */
  private static final int LONG = 256 << 10;

  /** Chains of the busy guest in one of its turns: each costs one, and one for each 4 KiB. */
  private static final int A_TURN = 1024 / (1 + LONG / PAGE) + 1;

  @Test
  void requestWaitsForAFewTurnsOfABusyGuestOnly() throws Exception {
    try (var disks = new TwoDisks();
        var busy = new TestGuest(disks.busySocket, RING, 8 * MIB).start(0);
        var quiet = quietGuest(disks)) {
      try (var _ = flood(busy)) {
        while (served(disks) < 100 * A_TURN) Thread.onSpinWait();
        long between = inBetween(quiet, () -> served(disks));
        assertTrue(between <= 40 * A_TURN, () -> "requests of the busy guest: " + between);
      }
    }
  }

  @Test
  void kicksWithoutARequestDelayNoOtherGuest() throws Exception {
    try (var disks = new TwoDisks();
        var busy = new TestGuest(disks.busySocket, RING, 8 * MIB).start(0);
        var quiet = quietGuest(disks)) {
      kicksDelayNothing(disks, busy, quiet);
    }
  }

  @Test
  void kicksOfARingThatIsAlwaysFullDelayNoOtherGuest() throws Exception {
    try (var disks = new TwoDisks();
        var busy = new TestGuest(disks.busySocket, RING, 8 * MIB).start(0);
        var quiet = quietGuest(disks);
        var _ = flood(busy)) {
      kicksDelayNothing(disks, busy, quiet);
    }
  }

  @Test
  void kicksOfARingWhoseRequestsAllWaitDelayNoOtherGuest() throws Exception {
    var storage = new ArrayDeque<Runnable>();
    var device = new MemoryDevice(MIB, false, storage::add);
    device.cold(true);
    try (var disks = new TwoDisks(device);
        var busy = new TestGuest(disks.busySocket, RING, 8 * MIB).start(0);
        var quiet = quietGuest(disks)) {
      int head = longRead(busy);
      for (int i = 0; i < RING; i++) busy.offer(head);
      kicksDelayNothing(disks, busy, quiet);
      busy.enableQueue(); // its loop has looked at all of them
      storage.forEach(Runnable::run);
      busy.await(RING);
    }
  }

  private static TestGuest quietGuest(TwoDisks disks) throws Exception {
    TestGuest quiet = new TestGuest(disks.quietSocket, 128, MIB).start(0);
    assertEquals(BlockRequests.OK, quiet.write(0, new byte[PAGE]));
    return quiet;
  }

  private static void kicksDelayNothing(TwoDisks disks, TestGuest busy, TestGuest quiet)
      throws Exception {
    try (var _ = new Repeated(busy::publish)) {
      for (long enough = disks.turns() + 100; disks.turns() < enough; ) Thread.onSpinWait();
      long between = inBetween(quiet, disks::turns);
      assertTrue(between <= 40, () -> "turns of all queues: " + between);
    }
  }

  /** How much of something usually is done while one request of a guest is served. */
  private static long inBetween(TestGuest quiet, LongSupplier done) {
    long[] between = new long[101];
    for (int i = 0; i < between.length; i++) {
      long before = done.getAsLong();
      quiet.read(0, PAGE);
      between[i] = done.getAsLong() - before;
      quiet.reuse();
    }
    Arrays.sort(between);
    return between[between.length / 2];
  }

  private static long served(TwoDisks disks) {
    return disks.busy().traffic().totals().operations().get(Op.READ).answered().count();
  }

  private static int longRead(TestGuest guest) {
    long header = guest.put(guest.header(TestGuest.IN, 0));
    long data = guest.place(LONG);
    long status = guest.put(new byte[1]);
    return guest.chain(
        new Buffer(header, 16, false), new Buffer(data, LONG, true), new Buffer(status, 1, true));
  }

  /** Keeps the ring of a guest full. */
  private static Repeated flood(TestGuest guest) {
    int head = longRead(guest);
    return new Repeated(
        () -> {
          int free = RING - (guest.offered() - guest.usedIndex() & 0xffff);
          for (int i = 0; i < free; i++) guest.offer(head);
          if (free > 0) guest.publish();
          LockSupport.parkNanos(1_000_000); // what is in the ring takes much longer
        });
  }

  /** Does something again and again until it is closed. */
  private static final class Repeated implements AutoCloseable {
    private final Thread thread;
    private volatile boolean ended;

    Repeated(Runnable action) {
      thread =
          Thread.ofPlatform()
              .daemon()
              .start(
                  () -> {
                    while (!ended) action.run();
                  });
    }

    @Override
    public void close() throws InterruptedException {
      ended = true;
      thread.join();
    }
  }
}
