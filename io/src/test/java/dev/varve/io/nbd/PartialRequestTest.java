package dev.varve.io.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.netty.channel.embedded.EmbeddedChannel;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class PartialRequestTest {

  private final NbdLoop loop =
      new NbdLoop(new EmbeddedChannel().eventLoop(), System::nanoTime, new SharedBuffers(64 << 20));

  private final Connection connection =
      new NbdConnection(
          new Exports(NbdLimits.DEFAULT),
          NbdLimits.DEFAULT,
          ReplyStyle.SIMPLE,
          loop,
          OneLoop.of(loop),
          Admission.Answer.ADMITTED,
          null);

  @Test
  void partThatWaitsToBeUsedAgainKeepsNoMemory() {
    LoopBuffer buffer = loop.takeLarge();
    PartialRequest part =
        loop.takePart().of(connection, loop.takeTransaction(), buffer, buffer.capacity());
    part.read(0, buffer.memory());

    loop.recycle(part);

    assertEquals(MemorySegment.NULL, part.memory());
    assertSame(part, loop.takePart());
  }

  @Test
  void bufferThatOneLoopHasTooManyOfIsTakenByAnother() {
    var buffers = new SharedBuffers(64 << 20);
    var channel = new EmbeddedChannel();
    var one = new NbdLoop(channel.eventLoop(), System::nanoTime, buffers);
    var other = new NbdLoop(channel.eventLoop(), System::nanoTime, buffers);
    LoopBuffer[] taken = new LoopBuffer[5];
    for (int i = 0; i < taken.length; i++) taken[i] = one.takeLarge();
    for (LoopBuffer buffer : taken) buffer.release();

    assertSame(taken[4], other.takeLarge());
    assertSame(taken[3], one.takeLarge());
  }
}
