package dev.varve.io.vhost;

import static dev.varve.io.vhost.TestGuest.GUEST;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.io.posix.EventDescriptor;
import dev.varve.io.posix.Posix;
import dev.varve.io.posix.SharedMemory;
import dev.varve.io.testing.MemoryDevice;
import dev.varve.io.vhost.TestGuest.Buffer;
import java.io.IOException;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** What a front-end may do while a request of its guest is with the disk. */
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class MessagesInFlightTest {

  private static final int MIB = 1 << 20;
  private static final int PAGE = 4096;
  private static final int AND_SAY_WHEN = 9;

  private final LinkedBlockingQueue<Runnable> storage = new LinkedBlockingQueue<>();
  private final MemoryDevice device = new MemoryDevice(MIB, false, storage::add);
  private final byte[] onDisk = new byte[PAGE];
  @AutoClose private final TestDisk disk = new TestDisk(device);
  @AutoClose private final TestGuest guest = new TestGuest(disk.socket, 128, MIB);
  private long data;
  private long status;
  private Runnable request;

  MessagesInFlightTest() throws IOException {}

  /** A read is with the disk. */
  @BeforeEach
  void ask() throws Exception {
    new Random(3).nextBytes(onDisk);
    guest.start(0);
    assertEquals(BlockRequests.OK, guest.write(0, onDisk));
    guest.reuse();
    device.cold(true);
    data = guest.place(PAGE);
    offerRead();
    request = storage.take();
  }

  private void offerRead() {
    status = guest.put(new byte[] {(byte) 0xff});
    guest.offer(
        guest.chain(
            new Buffer(guest.put(guest.header(TestGuest.IN, 0)), 16, false),
            new Buffer(data, PAGE, true),
            new Buffer(status, 1, true)));
    guest.publish();
  }

  private void isAnswered() {
    assertEquals(2, guest.usedIndex());
    guest.await(1);
    assertEquals(BlockRequests.OK, HostMemory.getByte(status));
    assertArrayEquals(onDisk, guest.get(data, PAGE));
  }

  private void servesTheNext() throws Exception {
    device.cold(false);
    try (var next = new TestGuest(disk.socket, 128, MIB).start(0)) {
      assertArrayEquals(onDisk, next.read(0, PAGE));
    }
  }

  @Test
  void queueStopsWhenTheRequestIsAnswered() throws Exception {
    guest.send(ControlMessage.GET_VRING_BASE, TestGuest.ints(0, 0));
    guest.send(ControlMessage.GET_FEATURES, new byte[0]);

    request.run();

    assertEquals(2, guest.receive(ControlMessage.GET_VRING_BASE).getInt(4));
    isAnswered();
    guest.receive(ControlMessage.GET_FEATURES);
    device.cold(false);
    guest.startQueue(2);
    assertArrayEquals(onDisk, guest.read(0, PAGE));
  }

  @Test
  void deviceIsResetWhenTheRequestIsAnswered() throws Exception {
    guest.send(ControlMessage.RESET_DEVICE, AND_SAY_WHEN, new byte[0]);

    request.run();

    assertEquals(0, guest.receive(ControlMessage.RESET_DEVICE).getLong(0));
    isAnswered();
    device.cold(false);
    guest.startQueue(2);
    assertArrayEquals(onDisk, guest.read(0, PAGE));
  }

  @Test
  void requestIsAnsweredInTheMemoryInWhichItWasMade() throws Exception {
    int other = SharedMemory.create("other", MIB);
    byte[] region = TestGuest.region(1, GUEST, MIB, guest.host, 0);
    guest.send(ControlMessage.SET_MEM_TABLE, AND_SAY_WHEN, region, other);

    request.run();

    assertEquals(0, guest.receive(ControlMessage.SET_MEM_TABLE).getLong(0));
    isAnswered();
    long mapped = SharedMemory.map(other, 0, MIB);
    long data = mapped + (this.data - guest.host);
    assertArrayEquals(new byte[PAGE], guest.get(data, PAGE));
    SharedMemory.unmap(mapped, MIB);
    Posix.close(other);
  }

  @Test
  void memoryThatIsDescribedAgainIsUsedOn() throws Exception {
    byte[] region = TestGuest.region(1, GUEST, MIB, guest.host, 0);
    for (int i = 0; i < 3; i++)
      guest.send(ControlMessage.SET_MEM_TABLE, AND_SAY_WHEN, region, guest.memory);

    request.run();

    for (int i = 0; i < 3; i++)
      assertEquals(0, guest.receive(ControlMessage.SET_MEM_TABLE).getLong(0));
    isAnswered();
    device.cold(false);
    assertArrayEquals(onDisk, guest.read(0, PAGE));
  }

  @Test
  void callIsMadeThroughTheDescriptorThatIsThereThen() throws Exception {
    int call = EventDescriptor.create();
    guest.send(ControlMessage.SET_VRING_CALL, TestGuest.longs(0), call);
    guest.ask(ControlMessage.GET_FEATURES);
    EventDescriptor.drain(call); // what was answered before
    guest.called();

    request.run();
    guest.await(1);
    guest.stopQueue();

    assertTrue(EventDescriptor.drain(call));
    assertFalse(guest.called());
    Posix.close(call);
  }

  @Test
  void frontEndThatGoesIsFollowedWhenTheRequestIsAnswered() throws Exception {
    long mapped = SharedMemory.map(guest.memory, 0, MIB);
    guest.close();

    request.run();

    servesTheNext();
    assertArrayEquals(onDisk, guest.get(mapped + (data - guest.host), PAGE));
    SharedMemory.unmap(mapped, MIB);
  }
}
