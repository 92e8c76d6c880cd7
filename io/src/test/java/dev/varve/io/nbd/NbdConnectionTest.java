package dev.varve.io.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.Export;
import dev.varve.io.testing.MemoryDevice;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.Random;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The exact bytes of a session, in a channel without a socket. */
class NbdConnectionTest {

  private static final int CAPACITY = 4 << 20;
  private static final Executor IN_PLACE = Runnable::run;

  private Executor storage = IN_PLACE;
  private final MemoryDevice device =
      new MemoryDevice(CAPACITY, false, task -> storage.execute(task));
  private final Exports exports = new Exports(NbdLimits.DEFAULT);
  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final NbdLoop loop =
      new NbdLoop(channel.eventLoop(), System::nanoTime, new SharedBuffers(64 << 20));

  NbdConnectionTest() {
    exports.publish(new Export("", "", device, false, true, false));
    channel
        .pipeline()
        .addLast(
            new NbdConnection(
                exports,
                NbdLimits.DEFAULT,
                ReplyStyle.STRUCTURED,
                loop,
                OneLoop.of(loop),
                Admission.Answer.ADMITTED,
                null));
  }

  @AfterEach
  void close() {
    channel.finishAndReleaseAll();
    device.close();
  }

  @Test
  void wholeSessionWithSimpleReplies() {
    assertEquals("4e42444d41474943" + "49484156454f5054" + "0003", received());
    send("00000003");
    send("49484156454f5054" + "00000007" + "00000006" + "00000000" + "0000");
    assertEquals(
        "0003e889045565a9"
            + "00000007"
            + "00000003"
            + "0000000c"
            + "0000"
            + "0000000000400000"
            + "0d6d"
            + "0003e889045565a9"
            + "00000007"
            + "00000001"
            + "00000000",
        received());

    send("25609513" + "0000" + "0001" + "00000000000000aa" + "0000000000001000" + "00000003");
    send("616263");
    assertEquals("67446698" + "00000000" + "00000000000000aa", received());

    send("25609513" + "0000" + "0000" + "00000000000000ab" + "0000000000000fff" + "00000005");
    assertEquals("67446698" + "00000000" + "00000000000000ab" + "0061626300", received());

    send("25609513" + "0000" + "0000" + "00000000000000ac" + "0000000000400000" + "00000001");
    assertEquals("67446698" + "00000016" + "00000000000000ac", received());

    send("25609513" + "0000" + "0002" + "00000000000000ad" + "0000000000000000" + "00000000");
    assertFalse(channel.isOpen());
  }

  @Test
  void structuredReplyShowsHoleDataHoleAndError() throws IOException {
    device.tryWrite(4096, Arena.ofAuto().allocate(4096).fill((byte) 0x11));
    greetStructured();

    send("25609513" + "0000" + "0000" + "0000000000000001" + "0000000000000ffe" + "00001004");
    assertEquals(
        "668e33ef"
            + "0000"
            + "0002"
            + "0000000000000001"
            + "0000000c"
            + "0000000000000ffe"
            + "00000002"
            + "668e33ef"
            + "0000"
            + "0001"
            + "0000000000000001"
            + "00001008"
            + "0000000000001000"
            + "11".repeat(4096)
            + "668e33ef"
            + "0001"
            + "0002"
            + "0000000000000001"
            + "0000000c"
            + "0000000000002000"
            + "00000002",
        received());

    device.breakAt(5000, new IOException("gone"));
    send("25609513" + "0000" + "0000" + "0000000000000002" + "0000000000000ffe" + "00001004");
    assertEquals(
        "668e33ef"
            + "0001"
            + "8001"
            + "0000000000000002"
            + "0000000a"
            + "00000005"
            + "0004"
            + "676f6e65",
        received());
  }

  @Test
  void repliesOfOneBatchLeaveInOnePiece() {
    greetStructured();
    String request = "25609513" + "0000" + "0003" + "0000000000000001" + "0".repeat(24);

    send(request.repeat(20));
    channel.runPendingTasks();

    ByteBuf piece = channel.readOutbound();
    assertEquals(20 * 16, piece.readableBytes());
    piece.release();
  }

  @Test
  void requestsWaitWhileRepliesAreNotTaken() {
    greetStructured();
    String read = "25609513" + "0000" + "0000" + "0000000000000001" + "0".repeat(16) + "00200000";
    channel.unsafe().outboundBuffer().setUserDefinedWritability(1, false);

    send(read.repeat(3));
    assertEquals("", received());
    assertFalse(channel.config().isAutoRead());

    channel.unsafe().outboundBuffer().setUserDefinedWritability(1, true);
    channel.runPendingTasks();
    assertEquals(3 * 32 * 2, received().length());
    assertTrue(channel.config().isAutoRead());
  }

  @Test
  void whatAClientLetsTheHostBringInIsBounded() {
    greetStructured();
    var waiting = new ArrayDeque<Runnable>();
    storage = waiting::add;
    String cache = "25609513" + "0000" + "0005" + "0000000000000001" + "0".repeat(16) + "00400000";

    send(cache.repeat(20));
    assertEquals(2, waiting.size(), "an eighth of the buffers");

    int replies = 0;
    for (Runnable task; (task = waiting.poll()) != null; replies += received().length() / 32) {
      task.run();
      channel.runPendingTasks();
    }
    assertEquals(20, replies);
  }

  @Test
  void everyRequestThatCanBeMadeUpGetsExactlyOneReply() {
    long seed = new Random().nextLong();
    var random = new Random(seed);
    send("00000001");
    send("49484156454f5054" + "00000007" + "00000006" + "00000000" + "0000");
    received();
    for (int i = 0; i < 3000; i++) {
      int command = random.nextInt(10) == 0 ? random.nextInt(65_536) : random.nextInt(9);
      if (command == NbdCommand.DISCONNECT.ordinal()) continue;
      boolean write = command == NbdCommand.WRITE.ordinal();
      int flags = random.nextInt(4) == 0 ? random.nextInt(65_536) : random.nextInt(2);
      long offset = random.nextInt(8) == 0 ? random.nextLong() : random.nextInt(CAPACITY);
      long length = write || random.nextBoolean() ? random.nextInt(100_000) : random.nextLong();
      channel.writeInbound(
          Unpooled.wrappedBuffer(NbdClient.header(flags, command, i, offset, length)));
      for (int left = write ? (int) length : 0, n; left > 0; left -= n) {
        n = Math.min(left, 1 + random.nextInt(70_000));
        channel.writeInbound(Unpooled.wrappedBuffer(new byte[n]));
      }

      String reply = received();

      String request = "seed %d: %d/%x at %d, %d".formatted(seed, command, flags, offset, length);
      assertTrue(channel.isOpen(), request);
      boolean data = command == NbdCommand.READ.ordinal() && reply.startsWith("00000000", 8);
      long expected = 16 + (data ? length & 0xffff_ffffL : 0);
      assertEquals(2 * expected, reply.length(), request);
      assertEquals("%016x".formatted(i), reply.substring(16, 32), request);
    }
  }

  @Test
  void deadlineEndsAHandshakeThatTakesTooLong() {
    channel.advanceTimeBy(NbdLimits.DEFAULT.handshake().toMillis(), TimeUnit.MILLISECONDS);
    channel.runScheduledPendingTasks();

    assertFalse(channel.isOpen());
  }

  private void greetStructured() {
    send("00000001");
    send("49484156454f5054" + "00000008" + "00000000");
    send("49484156454f5054" + "00000007" + "00000006" + "00000000" + "0000");
    received();
  }

  private void send(String hex) {
    channel.writeInbound(Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(hex)));
  }

  private String received() {
    channel.runPendingTasks();
    var hex = new StringBuilder();
    for (ByteBuf piece; (piece = channel.readOutbound()) != null; piece.release()) {
      hex.append(ByteBufUtil.hexDump(piece));
    }
    return hex.toString();
  }
}
