package dev.varve.core.limit;

import static dev.varve.core.limit.SteppedClients.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.DeviceClosedException;
import dev.varve.core.device.DeviceRequest;
import dev.varve.core.device.ReadSink;
import dev.varve.core.testing.Limits;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A disk in a group, on a clock that is stepped. */
class LimitedDeviceTest {

  private static final int KIB = 1024;

  private final Arena arena = Arena.ofShared();
  private final SteppedClients clock = new SteppedClients(Limits.bytes(100 * KIB, SECOND));
  private final MemoryDisk disk = new MemoryDisk(1 << 20);
  private final LimitedDevice device = new LimitedDevice(disk, "disk", () -> clock.now);
  private final MemorySegment memory = arena.allocate(256 * KIB);

  @AfterEach
  void close() {
    device.close();
    arena.close();
  }

  @Test
  void hotDataIsServedInPlaceWhileThereIsBudgetAndThenHasToWait() throws IOException {
    device.limitTo(clock.group);

    assertTrue(device.tryRead(0, 50 * KIB, Nowhere.SINK));
    assertTrue(device.tryWrite(0, memory.asSlice(0, 50 * KIB)));
    assertFalse(device.tryRead(0, 512, Nowhere.SINK));

    clock.run(SECOND / 100);
    assertTrue(device.tryRead(0, 512, Nowhere.SINK));
  }

  @Test
  void submittedRequestWaitsForItsTurnAndThenGoesToTheDisk() {
    device.limitTo(clock.group);
    submit(r -> r.write(0, memory.asSlice(0, 40 * KIB), false));
    submit(r -> r.write(0, memory.asSlice(0, 40 * KIB), false));
    Answer waiting = submit(r -> r.read(0, memory.asSlice(0, 30 * KIB)));
    Answer behind = submit(r -> r.read(0, memory.asSlice(0, KIB)));
    assertEquals(2, disk.submitted);

    clock.run(SECOND / 10);
    assertTrue(waiting.done);
    assertFalse(behind.done);

    clock.run(SECOND / 100);
    assertTrue(behind.done);
  }

  @Test
  void coldDataIsPaidForOnce() throws IOException {
    device.limitTo(clock.group);
    disk.cold = true;

    assertFalse(device.tryRead(0, 100 * KIB, Nowhere.SINK));
    assertFalse(device.tryWrite(0, memory.asSlice(0, 100 * KIB)));
    Answer read = submit(r -> r.read(0, memory.asSlice(0, 100 * KIB)));

    assertTrue(read.done);
    LimitStatistics counted = statistics();
    assertEquals(100 * KIB, counted.bytesRead());
    assertEquals(0, counted.bytesWritten());
    assertEquals(1, counted.operations());
    clock.run(SECOND / 10);
    assertTrue(submit(r -> r.read(0, memory.asSlice(0, 10 * KIB))).done);
    assertFalse(submit(r -> r.read(0, memory.asSlice(0, KIB))).done);
  }

  @Test
  void whatMovesNoBytesWaitsOnlyForALimitOfOperations() {
    device.limitTo(clock.group);
    submit(r -> r.write(0, memory.asSlice(0, 200 * KIB), false));

    assertTrue(submit(DeviceRequest::flush).done);
    assertTrue(submit(r -> r.discard(0, 1 << 20, false)).done);
    assertTrue(submit(r -> r.writeZeroes(0, 1 << 20, false, false)).done);
    assertFalse(submit(r -> r.cache(0, KIB)).done);

    clock.change(Limits.operations(10));
    assertFalse(submit(DeviceRequest::flush).done);
    clock.run(SECOND);
    assertEquals(0, statistics().waitingRequests());
  }

  @Test
  void closingFailsWhatWaits() {
    device.limitTo(clock.group);
    submit(r -> r.write(0, memory.asSlice(0, 200 * KIB), false));
    Answer waiting = submit(r -> r.write(0, memory.asSlice(0, KIB), false));

    device.close();

    assertInstanceOf(DeviceClosedException.class, waiting.failure);
    assertInstanceOf(DeviceClosedException.class, submit(DeviceRequest::flush).failure);
    assertEquals(0, clock.group.members().size());
    device.limitTo(clock.group);
    assertNull(device.member());
  }

  @Test
  void leavingTheGroupFreesWhatWaits() {
    device.limitTo(clock.group);
    submit(r -> r.write(0, memory.asSlice(0, 200 * KIB), false));
    Answer waiting = submit(r -> r.read(0, memory.asSlice(0, KIB)));

    device.limitTo(null);

    assertTrue(waiting.done);
    assertEquals(0, clock.group.members().size());
  }

  @Test
  void movingToAnotherGroupTakesWhatWaitsAlong() {
    device.limitTo(clock.group);
    submit(r -> r.write(0, memory.asSlice(0, 200 * KIB), false));
    Answer first = submit(r -> r.read(0, memory.asSlice(0, KIB)));
    Answer second = submit(r -> r.read(0, memory.asSlice(0, 200 * KIB)));
    Answer third = submit(r -> r.read(0, memory.asSlice(0, KIB)));

    var another = new LimitGroup(Limits.bytes(100 * KIB, SECOND), clock, clock.now);
    device.limitTo(another);

    assertTrue(first.done);
    assertTrue(second.done);
    assertFalse(third.done);
    LimitMember member = device.member();
    assertNotNull(member);
    assertSame(another, member.group());
    device.limitTo(another);
    assertSame(member, device.member());
  }

  @Test
  void groupWithoutLimitsCountsAndDelaysNothing() throws IOException {
    clock.change(BandwidthLimits.NONE);
    device.limitTo(clock.group);

    for (int i = 0; i < 100; i++) assertTrue(device.tryRead(0, 256 * KIB, Nowhere.SINK));

    assertEquals(0, statistics().operations());
  }

  private LimitStatistics statistics() {
    return clock.group.statistics(clock.now);
  }

  private Answer submit(Consumer<DeviceRequest> setUp) {
    var answer = new Answer();
    setUp.accept(answer);
    device.submit(answer);
    return answer;
  }

  private static final class Answer extends DeviceRequest {
    boolean done;
    @Nullable IOException failure;

    @Override
    protected void completed() {
      assertFalse(done);
      done = true;
    }

    @Override
    protected void failed(IOException cause) {
      assertFalse(done);
      failure = cause;
    }
  }

  private enum Nowhere implements ReadSink {
    SINK;

    @Override
    public void bytes(MemorySegment memory, long offset, int length) {}

    @Override
    public void zeroes(int length) {}
  }
}
