package dev.varve.io.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.Export;
import dev.varve.io.testing.MemoryDevice;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Clients that ask for nothing, on a server that disconnects those after a minute. */
class IdleClientTest {

  private static final NbdLimits LIMITS = NbdLimits.DEFAULT.clients(10, Duration.ofSeconds(60));

  private final ArrayDeque<Runnable> storage = new ArrayDeque<>();
  private final MemoryDevice device = new MemoryDevice(1 << 20, false, storage::add);
  private final Exports exports = new Exports(LIMITS);
  private final EmbeddedChannel channel = new EmbeddedChannel();
  private long now;
  private final NbdLoop loop =
      new NbdLoop(channel.eventLoop(), () -> now, new SharedBuffers(64 << 20));

  IdleClientTest() {
    exports.publish(new Export("", "", device, false, true, false));
    channel
        .pipeline()
        .addLast(
            new NbdConnection(
                exports,
                LIMITS,
                ReplyStyle.SIMPLE,
                loop,
                OneLoop.of(loop),
                Admission.Answer.ADMITTED,
                null));
    for (byte[] message : NbdClient.choosesTheOnlyDisk()) send(message);
  }

  @AfterEach
  void close() {
    storage.forEach(Runnable::run);
    channel.finishAndReleaseAll();
    device.close();
  }

  @Test
  void oneThatAsksForNothingIsDisconnectedAfterTheTime() {
    pass(59);
    assertTrue(channel.isOpen());

    pass(1);

    assertFalse(channel.isOpen());
  }

  @Test
  void everyRequestGivesItTheWholeTimeAgain() {
    for (int i = 0; i < 10; i++) {
      pass(45);
      read();
      assertTrue(channel.isOpen(), "after request " + i);
    }
    pass(59);
    assertTrue(channel.isOpen());

    pass(1);

    assertFalse(channel.isOpen());
  }

  @Test
  void oneThatWaitsForItsAnswerIsNotIdle() {
    send(NbdClient.header(0, NbdCommand.FLUSH.ordinal(), 1, 0, 0));
    assertEquals(1, storage.size(), "the flush is with the host");
    for (int i = 0; i < 5; i++) pass(45);
    assertTrue(channel.isOpen());

    storage.remove().run();
    channel.runPendingTasks();
    pass(59);
    assertTrue(channel.isOpen(), "its time begins with the answer");
    pass(1);

    assertFalse(channel.isOpen());
  }

  @Test
  void oneThatStopsInTheMiddleOfAWriteIsIdle() {
    send(NbdClient.header(0, NbdCommand.WRITE.ordinal(), 1, 0, 512 << 10));
    send(new byte[1000]);

    pass(60);

    assertFalse(channel.isOpen());
  }

  private void read() {
    send(NbdClient.header(0, NbdCommand.READ.ordinal(), 1, 0, 512));
  }

  private void send(byte[] bytes) {
    channel.writeInbound(Unpooled.wrappedBuffer(bytes));
    channel.runPendingTasks();
    for (ByteBuf piece; (piece = channel.readOutbound()) != null; ) piece.release();
  }

  /** A second at a time, by both clocks. */
  private void pass(int seconds) {
    for (int i = 0; i < seconds; i++) {
      now += TimeUnit.SECONDS.toNanos(1);
      channel.advanceTimeBy(1, TimeUnit.SECONDS);
      channel.runScheduledPendingTasks();
      channel.runPendingTasks();
    }
  }
}
