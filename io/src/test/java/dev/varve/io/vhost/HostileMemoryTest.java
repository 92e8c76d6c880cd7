package dev.varve.io.vhost;

import static dev.varve.io.vhost.TestGuest.DISCARD;
import static dev.varve.io.vhost.TestGuest.FLUSH;
import static dev.varve.io.vhost.TestGuest.GUEST;
import static dev.varve.io.vhost.TestGuest.IN;
import static dev.varve.io.vhost.TestGuest.INDIRECT_FEATURE;
import static dev.varve.io.vhost.TestGuest.NEXT;
import static dev.varve.io.vhost.TestGuest.OUT;
import static dev.varve.io.vhost.TestGuest.WRITE;
import static dev.varve.io.vhost.TestGuest.WRITE_ZEROES;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.varve.io.posix.EventDescriptor;
import dev.varve.io.posix.OddDescriptors;
import dev.varve.io.posix.Posix;
import dev.varve.io.posix.SharedMemory;
import dev.varve.io.testing.MemoryDevice;
import dev.varve.io.vhost.TestGuest.Buffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/**
 * Guests whose memory changes, shrinks or goes while it is used: an error to their own device, and
 * the next front-end is served.
 */
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class HostileMemoryTest {

  private static final int MIB = 1 << 20;

  private final MemoryDevice device = new MemoryDevice(8 * MIB);

  @Test
  void memoryForWhichTheHostHasNoPagesStopsItsDeviceAlone() throws Exception {
    for (boolean cold : new boolean[] {false, true}) {
      device.cold(cold);
      try (var disk = new TestDisk(device)) {
        try (var guest = new TestGuest(disk.socket, 128, MIB)) {
          guest.negotiate(0);
          guest.shareMemory();
          int huge = OddDescriptors.memoryWithoutPages(2 * MIB);
          guest.send(37, TestGuest.region(0, 1L << 40, 2 * MIB, 1L << 41, 0), huge);
          guest.startQueue(0);
          guest.descriptor(0, guest.guest(guest.put(guest.header(0, 0))), 16, NEXT, 1);
          guest.descriptor(1, 1L << 40, 4096, WRITE | NEXT, 2);
          guest.descriptor(2, guest.guest(guest.place(1)), 1, WRITE, 0);
          guest.offer(0);
          guest.publish();
          guest.stopQueue();
          assertEquals(0, guest.usedIndex());
          Posix.close(huge);
        }
        device.cold(false);
        servesTheNext(disk);
      }
    }
  }

  @Test
  void ringForWhichTheHostHasNoPagesEndsItsConnectionAlone() throws Exception {
    try (var disk = new TestDisk(device)) {
      try (var guest = new TestGuest(disk.socket, 128, MIB)) {
        guest.negotiate(0);
        int huge = OddDescriptors.memoryWithoutPages(2 * MIB);
        guest.send(5, TestGuest.region(1, GUEST, MIB, guest.host, 0), huge);
        assertThrows(
            IOException.class,
            () -> {
              guest.startQueue(0);
              guest.stopQueue();
            });
        Posix.close(huge);
      }
      servesTheNext(disk);
    }
  }

  @Test
  void inflightMemoryThatIsTruncatedStopsItsDeviceAlone() throws Exception {
    try (var disk = new TestDisk(device)) {
      try (var guest = new TestGuest(disk.socket, 128, MIB)) {
        guest.negotiate(0);
        guest.shareMemory();
        ByteBuffer ask = TestGuest.little(20);
        ask.putLong(0).putLong(0).putShort((short) 1).putShort((short) 128);
        guest.send(31, ask.array());
        byte[] table = guest.receive(31).array();
        int inflight = guest.receivedDescriptor();
        guest.send(32, table, inflight);
        guest.startQueue(0);
        assertEquals(BlockRequests.OK, guest.write(3, new byte[512]));
        Posix.ftruncate(inflight, 0);
        offerRead(guest, 4096);
        guest.publish();
        guest.stopQueue();
        Posix.close(inflight);
      }
      servesTheNext(disk);
    }
  }

  @Test
  void memoryThatIsTruncatedAtAnyMomentHarmsItsDeviceAlone() throws Exception {
    long seed = new Random().nextLong();
    var random = new Random(seed);
    try (var disk = new TestDisk(device)) {
      for (int round = 0; round < 40; round++) {
        device.cold(round % 2 == 1);
        try (var guest = new TestGuest(disk.socket, 128, 4 * MIB).start(0)) {
          for (int i = 0; i < 30; i++) offerRead(guest, 512 << random.nextInt(8));
          int spins = random.nextInt(20_000);
          var cutter = Thread.ofPlatform().start(() -> cut(guest, spins));
          guest.publish();
          cutter.join();
          EventDescriptor.signal(guest.kickDescriptor());
          guest.stopQueue();
        } catch (InternalError | IOException e) {
          // The test's own access to what it has cut; or the server could not even begin.
        }
        device.cold(false);
        servesTheNext(disk);
      }
    } catch (Throwable e) {
      throw new AssertionError("seed " + seed, e);
    }
  }

  @Test
  void memoryThatIsTruncatedWhileARequestIsWithTheDiskHarmsItsDeviceAlone() throws Exception {
    var storage = new LinkedBlockingQueue<Runnable>();
    var slow = new MemoryDevice(MIB, false, storage::add);
    slow.cold(true);
    try (var disk = new TestDisk(slow)) {
      for (int type : List.of(FLUSH, IN, OUT, DISCARD, WRITE_ZEROES)) {
        try (var guest = new TestGuest(disk.socket, 128, MIB).start(0)) {
          guest.place(512 << 10); // the ring stays, and nothing else of the request
          long data = guest.put(TestGuest.longs(0, 1));
          guest.place(512 - 16);
          int length = type == FLUSH ? 1 : type == IN || type == OUT ? 512 : 16;
          guest.offer(
              guest.chain(
                  new Buffer(guest.put(guest.header(type, 0)), 16, false),
                  new Buffer(data, length, type == IN || type == FLUSH),
                  new Buffer(guest.place(1), 1, true)));
          guest.publish();
          Runnable request = storage.take();
          Posix.ftruncate(guest.memory, 512 << 10);
          request.run();
          guest.stopQueue();
        }
        slow.cold(false);
        servesTheNext(disk);
        slow.cold(true);
      }
    }
  }

  /**
   * In compiled code, where an access that has failed is told of later, perhaps to another class.
   */
  @Test
  void ringThatGoesInTheMiddleOfATurnHarmsItsDeviceAlone() throws Exception {
    try (var disks = new TwoDisks(device);
        var other = new TestGuest(disks.quietSocket, 128, MIB).start(0)) {
      for (int round = 0; round < 20; round++) {
        try (var guest = new TestGuest(disks.busySocket, 128, MIB).start(0)) {
          for (int warm = 0; warm < 1000; warm++) {
            guest.read(0, 512);
            guest.reuse();
          }
          device.afterRead(() -> truncate(guest));
          for (int i = 0; i < 3; i++) offerRead(guest, 512);
          guest.publish();
          guest.stopQueue();
          device.afterRead(() -> {});
        }
        assertEquals(BlockRequests.OK, other.write(0, new byte[512]));
        other.reuse();
      }
    }
  }

  private static void truncate(TestGuest guest) {
    try {
      Posix.ftruncate(guest.memory, 0);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void cut(TestGuest guest, int spins) {
    for (int i = 0; i < spins; i++) Thread.onSpinWait();
    try {
      Posix.ftruncate(guest.memory, spins % 3 == 0 ? 0 : 64 << 10);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void ringThatChangesWhileItIsReadHarmsItsDeviceAlone() throws Exception {
    byte[] data = new byte[512];
    new Random(11).nextBytes(data);
    try (var disk = new TestDisk(device)) {
      for (int round = 0; round < 30; round++) {
        try (var guest = new TestGuest(disk.socket, 128, MIB).start(INDIRECT_FEATURE)) {
          assertEquals(BlockRequests.OK, guest.write(9, data));
          guest.reuse();
          for (int i = 0; i < 40; i++) offerRead(guest, 4096);
          var stop = new AtomicBoolean();
          var flipper = Thread.ofPlatform().start(() -> flip(guest, stop));
          guest.publish();
          guest.stopQueue();
          stop.set(true);
          flipper.join();
        }
        try (var next = new TestGuest(disk.socket, 128, MIB).start(0)) {
          assertArrayEquals(data, next.read(9, 512)); // only reads were asked for
        }
      }
    }
  }

  /** Turns lengths, addresses, flags and heads to and fro. */
  private static void flip(TestGuest guest, AtomicBoolean stop) {
    var random = new Random(5);
    while (!stop.get()) {
      long at = guest.host + 16L * random.nextInt(120);
      int length = HostMemory.getInt(at + 8);
      long address = HostMemory.getLong(at);
      HostMemory.putInt(at + 8, -1);
      HostMemory.putLong(at, -1);
      HostMemory.putShort(at + 14, 9999);
      HostMemory.putInt(at + 8, length);
      HostMemory.putLong(at, address);
      HostMemory.putShort(at + 14, random.nextInt(120));
    }
  }

  @Test
  void regionThatIsRemovedUnderRequestsIsThereUntilTheyAreAnswered() throws Exception {
    try (var disk = new TestDisk(device);
        var guest = new TestGuest(disk.socket, 128, MIB).start(0)) {
      byte[] data = new byte[4096];
      new Random(12).nextBytes(data);
      assertEquals(BlockRequests.OK, guest.write(0, data));
      int more = SharedMemory.create("more", MIB);
      long mapped = SharedMemory.map(more, 0, MIB);
      byte[] region = TestGuest.region(0, 1L << 40, MIB, 1L << 41, 0);
      guest.send(37, region, more);
      guest.reuse();
      device.cold(true);
      long[] statuses = new long[32];
      for (int i = 0; i < statuses.length; i++) {
        statuses[i] = guest.put(new byte[] {9});
        guest.descriptor(3 * i, guest.guest(guest.put(guest.header(0, 0))), 16, NEXT, 3 * i + 1);
        guest.descriptor(3 * i + 1, (1L << 40) + 4096 * i, 4096, WRITE | NEXT, 3 * i + 2);
        guest.descriptor(3 * i + 2, guest.guest(statuses[i]), 1, WRITE, 0);
        guest.offer(3 * i);
      }
      guest.publish();
      guest.send(38, region);
      guest.stopQueue(); // chains that it had not read yet name memory that is not shared any more
      for (int i = 0; i < statuses.length; i++)
        if (HostMemory.getByte(statuses[i]) == BlockRequests.OK)
          assertArrayEquals(data, guest.get(mapped + 4096L * i, 4096));
      SharedMemory.unmap(mapped, MIB);
      Posix.close(more);
    }
  }

  @Test
  void buffersMayLieOverTwoRegionsAndARingUpToTheEndOfOne() throws Exception {
    byte[] bytes = new byte[8192];
    new Random(13).nextBytes(bytes);
    try (var disk = new TestDisk(device);
        var guest = new TestGuest(disk.socket, 128, MIB)) {
      guest.negotiate(0);
      guest.shareMemoryInTwo(guest.endOfRing());
      guest.startQueue(0);
      assertEquals(BlockRequests.OK, guest.write(0, bytes));
      long middle = guest.place(64 << 10) + 4096 + 100;
      guest.stopQueue();

      guest.shareMemoryInTwo(middle);
      guest.startQueue(1);

      assertEquals(BlockRequests.OK, guest.request(IN, 0, middle - 4000, 8192, true));
      assertArrayEquals(bytes, guest.get(middle - 4000, 8192));
    }
  }

  @Test
  void fiveHundredAndNineRegionsAreServedAndOneMoreIsRefused() throws Exception {
    try (var disk = new TestDisk(device)) {
      try (var guest = new TestGuest(disk.socket, 128, 4 * MIB).start(0)) {
        for (int i = 1; i < GuestMemory.MOST_REGIONS; i++) guest.send(37, region(i), guest.memory);
        assertEquals(BlockRequests.OK, guest.write(3, new byte[512]));
        guest.send(37, region(600), guest.memory);
        guest.awaitEnd();
      }
      servesTheNext(disk);
    }
  }

  private static byte[] region(int i) {
    return TestGuest.region(
        0, ((long) i << 20) + (1L << 40), 4096, ((long) i << 20) + (1L << 41), 4096L * i);
  }

  private static void offerRead(TestGuest guest, int length) {
    guest.offer(
        guest.chain(
            new Buffer(guest.put(guest.header(TestGuest.IN, 0)), 16, false),
            new Buffer(guest.place(length), length, true),
            new Buffer(guest.place(1), 1, true)));
  }

  private static void servesTheNext(TestDisk disk) throws Exception {
    try (var next = new TestGuest(disk.socket, 128, MIB).start(0)) {
      next.read(3, 512);
    }
  }
}
