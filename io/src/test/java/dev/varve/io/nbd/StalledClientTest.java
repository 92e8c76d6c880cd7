package dev.varve.io.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.Export;
import dev.varve.io.testing.MemoryDevice;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Clients that do not take their replies, in a channel that passes on what a test says, and what
 * becomes of one when nothing is left for it.
 */
class StalledClientTest {

  private static final int MIB = 1 << 20;
  private static final int BUFFERS = 64 * MIB;
  private static final int EVERYTHING = Integer.MAX_VALUE;

  private final MemoryDevice device = new MemoryDevice(32 * MIB, false, Runnable::run);
  private final Exports exports = new Exports(NbdLimits.DEFAULT);
  private final SharedBuffers buffers = new SharedBuffers(BUFFERS);
  private final Socket channel = new Socket();
  private long now;
  private final NbdLoop loop = new NbdLoop(channel.eventLoop(), () -> now, buffers);

  StalledClientTest() {
    exports.publish(new Export("", "", device, false, true, false));
    channel
        .pipeline()
        .addLast(
            new NbdConnection(
                exports,
                NbdLimits.DEFAULT,
                ReplyStyle.SIMPLE,
                loop,
                OneLoop.of(loop),
                Admission.Answer.ADMITTED,
                null));
    for (byte[] message : NbdClient.choosesTheOnlyDisk()) send(message);
  }

  @AfterEach
  void close() {
    channel.finishAndReleaseAll();
    device.close();
  }

  @Test
  void oneIsCutOnlyWhereOthersNeedWhatItHolds() {
    channel.take(0);
    read(MIB);
    passTime();
    assertTrue(channel.isOpen(), "nobody needs it");

    buffers.lent(BUFFERS);
    channel.take(1);
    passTime();
    assertTrue(channel.isOpen(), "it has taken some");

    passTime();
    assertFalse(channel.isOpen());
  }

  @Test
  void oneThatSendsNothingMoreIsCutAsWell() {
    device.cold(true);
    channel.take(0);
    read(MIB); // answered after the last look at what it sends
    buffers.lent(BUFFERS);

    passTime();

    assertFalse(channel.isOpen());
  }

  @Test
  void oneThatLeavesLittleUntakenIsCutAsWell() {
    channel.take(0);
    read(512);
    buffers.lent(BUFFERS);

    passTime();

    assertFalse(channel.isOpen());
  }

  @Test
  void oneThatTakesALongReplySlowlyIsNot() {
    buffers.lent(BUFFERS);
    channel.take(0);
    read(32 * MIB);
    read(512); // finds that the first is not taken

    for (int i = 0; i < 32; i++) {
      channel.take(1);
      passTime();
      assertTrue(channel.isOpen(), "it has taken " + i + " pieces");
    }
  }

  @Test
  void oneThatHasTakenEverythingMayBeIdle() {
    buffers.lent(BUFFERS);
    read(MIB);

    passTime();
    passTime();

    assertTrue(channel.isOpen());
  }

  @Test
  void oneForWhomThereIsNoMemoryLeavesTheLoopAsItWas() {
    channel.pipeline().fireChannelRead(Unpooled.wrappedBuffer(new byte[10]));
    buffers.lent(2 * BUFFERS);
    channel.pipeline().fireChannelReadComplete(); // keeps the ten bytes in another buffer
    channel.runPendingTasks();
    assertFalse(channel.isOpen());

    now = TimeUnit.HOURS.toNanos(1);
    loop.beginTurn();
    loop.endTurn();

    assertEquals(0, loop.counters().totals().longestStallNanos());
  }

  private void read(int length) {
    send(NbdClient.header(0, NbdCommand.READ.ordinal(), 1, 0, length));
  }

  private void send(byte[] bytes) {
    channel.writeInbound(Unpooled.wrappedBuffer(bytes));
    channel.runPendingTasks();
  }

  private void passTime() {
    channel.advanceTimeBy(NbdLimits.DEFAULT.stalled().toMillis(), TimeUnit.MILLISECONDS);
    channel.runScheduledPendingTasks();
    channel.runPendingTasks();
  }

  /** Takes so many messages of what is written, and then no more until it is told. */
  private static final class Socket extends EmbeddedChannel {
    private int left = EVERYTHING;

    void take(int messages) {
      left = messages;
      flush();
      runPendingTasks();
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer in) {
      for (; left > 0 && in.current() != null; left--) in.remove();
    }
  }
}
