package dev.varve.io.vhost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.io.loop.VertxLoops;
import dev.varve.io.posix.EventDescriptor;
import dev.varve.io.posix.OddDescriptors;
import dev.varve.io.posix.Posix;
import io.netty.channel.EventLoop;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** Front-ends that set a trap with the eventfds that they share: no loop waits for them. */
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class HostileEventsTest {

  private static final int MIB = 1 << 20;

  @Test
  void callThatWouldWaitHoldsUpNoOtherDisk() throws Exception {
    try (var disks = new TwoDisks();
        var hostile = new TestGuest(disks.busySocket, 128, MIB).start(0);
        var other = new TestGuest(disks.quietSocket, 128, MIB).start(0)) {
      hostile.ask(1); // it has got its call
      EventDescriptor.drain(hostile.callDescriptor());
      OddDescriptors.makeWait(hostile.callDescriptor());
      OddDescriptors.fill(hostile.callDescriptor());

      hostile.read(0, 512);

      assertEquals(BlockRequests.OK, other.write(0, new byte[512]));
      hostile.read(0, 512);
    }
  }

  @Test
  void errorThatWouldWaitHoldsUpNoOtherDisk() throws Exception {
    try (var disks = new TwoDisks();
        var hostile = new TestGuest(disks.busySocket, 128, MIB).start(0);
        var other = new TestGuest(disks.quietSocket, 128, MIB).start(0)) {
      int error = EventDescriptor.create();
      hostile.send(ControlMessage.SET_VRING_ERR, TestGuest.longs(0), error);
      hostile.ask(1);
      OddDescriptors.makeWait(error);
      OddDescriptors.fill(error);

      hostile.offer(60_000);
      hostile.publish();

      hostile.stopQueue();
      assertEquals(BlockRequests.OK, other.write(0, new byte[512]));
      Posix.close(error);
    }
  }

  @Test
  void kickThatIsTakenBackHoldsUpNoOtherDisk() throws Exception {
    try (var disks = new TwoDisks();
        var hostile = new TestGuest(disks.busySocket, 128, MIB).start(0);
        var other = new TestGuest(disks.quietSocket, 128, MIB).start(0)) {
      hostile.ask(1); // it has got its kick
      int kick = hostile.kickDescriptor();
      OddDescriptors.makeWait(kick);
      var begun = new CountDownLatch(1);
      var kicked = new CountDownLatch(1);
      disks.atTurn(
          () -> {
            begun.countDown();
            await(kicked);
          });
      other.publish();
      begun.await();
      disks.atTurn(() -> disks.atTurn(() -> EventDescriptor.drain(kick))); // from the next turn on
      other.publish();
      hostile
          .publish(); // the loop hears of both at once, and this kick is gone in the other's turn
      kicked.countDown();

      assertEquals(BlockRequests.OK, other.write(0, new byte[512]));
      disks.atTurn(() -> {});
      hostile.read(0, 512);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void eventIsHeardOnceForEachSignalWhateverItsCounterIs() throws Exception {
    var vertx =
        Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(1));
    EventLoop loop = VertxLoops.next(vertx);
    var heard = new AtomicInteger();
    int event = OddDescriptors.semaphore(1000);

    LoopDescriptor watched =
        loop.submit(() -> LoopDescriptor.watchEvents(loop, event, heard::incrementAndGet)).get();
    for (int turn = 0; turn < 200; turn++) loop.submit(() -> {}).get();
    assertTrue(heard.get() < 3, heard::toString);
    for (int before = heard.get(); heard.get() == before; Thread.onSpinWait())
      EventDescriptor.signal(event);

    loop.submit(watched::stop).get();
    vertx.close().toCompletionStage().toCompletableFuture().join();
    Posix.close(event);
  }
}
