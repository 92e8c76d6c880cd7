package dev.varve.io.vhost;

import static dev.varve.io.vhost.TestGuest.EVENT_INDEX;
import static dev.varve.io.vhost.TestGuest.INDIRECT_FEATURE;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.Export;
import dev.varve.io.posix.Posix;
import dev.varve.io.testing.MemoryDevice;
import dev.varve.io.vhost.TestGuest.Buffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** Guests that keep the rules. */
@Timeout(value = 300, threadMode = ThreadMode.SEPARATE_THREAD)
class VhostServerTest {

  private static final int MIB = 1 << 20;
  private static final int SECTOR = 512;

  private final MemoryDevice device = new MemoryDevice(8 * MIB);

  @Test
  void writtenBytesAreReadBack() throws Exception {
    try (var disk = new TestDisk(device);
        var guest = new TestGuest(disk.socket, 128, 4 * MIB).start(0)) {
      byte[] data = random(new Random(1), 8 * SECTOR);

      assertEquals(BlockRequests.OK, guest.write(17, data));

      assertArrayEquals(data, guest.read(17, data.length));
      assertEquals(data.length + 1, guest.lastWritten());
    }
  }

  @Test
  void requestsOfEveryShapeAgreeWithAByteArrayHotAndCold() throws Exception {
    long seed = new Random().nextLong();
    var random = new Random(seed);
    byte[] model = new byte[8 * MIB];
    for (long features :
        List.of(0L, EVENT_INDEX, INDIRECT_FEATURE, EVENT_INDEX | INDIRECT_FEATURE)) {
      try (var disk = new TestDisk(device);
          var guest = new TestGuest(disk.socket, 64, 8 * MIB).start(features)) {
        for (int i = 0; i < 60; i++) oneRequest(guest, model, random, features, seed);
      }
    }
  }

  private void oneRequest(TestGuest guest, byte[] model, Random random, long features, long seed) {
    switch (random.nextInt(4)) {
      case 0 -> device.cold(true);
      case 1 -> device.asleep();
      default -> device.cold(false);
    }
    int length = SECTOR * (1 + random.nextInt(random.nextBoolean() ? 16 : 2000));
    int offset = SECTOR * random.nextInt((model.length - length) / SECTOR + 1);
    boolean writes = random.nextBoolean();
    byte[] data = writes ? random(random, length) : new byte[length];
    long header = guest.put(guest.header(writes ? TestGuest.OUT : TestGuest.IN, offset / SECTOR));
    long status = guest.put(new byte[] {(byte) 0xff});
    List<Buffer> buffers = new ArrayList<>();
    split(buffers, header, 16, false, random);
    long at = guest.put(data);
    List<Buffer> parts = new ArrayList<>();
    split(parts, at, length, !writes, random);
    buffers.addAll(parts);
    buffers.add(new Buffer(status, 1, true));
    Buffer[] chain = buffers.toArray(Buffer[]::new);
    boolean indirect = (features & INDIRECT_FEATURE) != 0 && random.nextBoolean();

    guest.offer(indirect ? guest.indirect(chain) : guest.chain(chain));
    guest.publish();
    guest.await(1);

    assertEquals(BlockRequests.OK, HostMemory.getByte(status), "seed " + seed);
    if (writes) System.arraycopy(data, 0, model, offset, length);
    else
      assertArrayEquals(
          Arrays.copyOfRange(model, offset, offset + length),
          guest.get(at, length),
          "seed " + seed);
    guest.reuse();
  }

  private static void split(
      List<Buffer> into, long address, int length, boolean written, Random random) {
    int parts = 1 + random.nextInt(8);
    while (length > 0) {
      int n = --parts <= 0 ? length : 1 + random.nextInt(length);
      into.add(new Buffer(address, n, written));
      address += n;
      length -= n;
    }
  }

  @Test
  void messagesMayComeAByteAtATime() throws Exception {
    try (var disk = new TestDisk(device);
        var guest = new TestGuest(disk.socket, 64, 4 * MIB)) {
      guest.sendAtOnce(1);
      guest.start(EVENT_INDEX);
      byte[] data = random(new Random(8), SECTOR);
      assertEquals(BlockRequests.OK, guest.write(5, data));
      assertEquals(1, guest.stopQueue());
      guest.startQueue(1);
      assertArrayEquals(data, guest.read(5, SECTOR));
    }
  }

  @Test
  void messageThatNeverEndsHoldsUpNoOtherDisk() throws Exception {
    try (var disks = new TwoDisks();
        var slow = new TestGuest(disks.busySocket, 64, MIB).start(0);
        var other = new TestGuest(disks.quietSocket, 64, MIB)) {
      slow.sendBytes(new byte[] {9, 0, 0, 0, 1});
      other.start(0);
      assertEquals(BlockRequests.OK, other.write(5, new byte[SECTOR]));
      assertEquals(BlockRequests.OK, slow.write(5, new byte[SECTOR]));
    }
  }

  @Test
  void manyRequestsAtOnceAreAllAnswered() throws Exception {
    try (var disk = new TestDisk(device);
        var guest = new TestGuest(disk.socket, 128, 8 * MIB).start(EVENT_INDEX)) {
      byte[] data = random(new Random(2), 40 * 4096);
      assertEquals(BlockRequests.OK, guest.write(0, data));
      for (boolean cold : List.of(false, true)) {
        guest.reuse();
        device.cold(cold);
        long[] places = new long[40];
        for (int i = 0; i < places.length; i++) {
          places[i] = guest.place(4096);
          long header = guest.put(guest.header(TestGuest.IN, 8L * i));
          long status = guest.put(new byte[] {(byte) 0xff});
          guest.offer(
              guest.chain(
                  new Buffer(header, 16, false),
                  new Buffer(places[i], 4096, true),
                  new Buffer(status, 1, true)));
        }
        guest.publish();
        guest.await(40);
        for (int i = 0; i < places.length; i++)
          assertArrayEquals(
              Arrays.copyOfRange(data, 4096 * i, 4096 * (i + 1)), guest.get(places[i], 4096));
      }
    }
  }

  @Test
  void oneOfSeveralLongReadsIsCopiedByAStorageThread() throws Exception {
    var storage = new LinkedBlockingQueue<Runnable>();
    int length = 256 << 10;
    byte[] data = random(new Random(3), 3 * length);
    try (var disk = new TestDisk(new MemoryDevice(8 * MIB, false, storage::add));
        var guest = new TestGuest(disk.socket, 128, 8 * MIB).start(0)) {
      assertEquals(BlockRequests.OK, guest.write(0, data));
      long[] places = new long[3];
      for (int i = 0; i < places.length; i++) {
        places[i] = guest.place(length);
        long header = guest.put(guest.header(TestGuest.IN, (long) i * length / SECTOR));
        guest.offer(
            guest.chain(
                new Buffer(header, 16, false),
                new Buffer(places[i], length, true),
                new Buffer(guest.place(1), 1, true)));
      }

      guest.publish();

      guest.await(2);
      Runnable copy = storage.take();
      assertTrue(storage.isEmpty(), "the others wait for no thread");
      assertArrayEquals(Arrays.copyOfRange(data, length, 2 * length), guest.get(places[1], length));
      copy.run();
      guest.await(1);
      assertArrayEquals(Arrays.copyOf(data, length), guest.get(places[0], length));
    }
  }

  @Test
  void discardedAndZeroedRangesReadAsZeroes() throws Exception {
    try (var disk = new TestDisk(device);
        var guest = new TestGuest(disk.socket, 128, 4 * MIB).start(0)) {
      byte[] data = random(new Random(3), 256 * SECTOR);
      assertEquals(BlockRequests.OK, guest.write(0, data));
      ByteBuffer ranges = TestGuest.little(32);
      ranges.putLong(0).putInt(64).putInt(0).putLong(128).putInt(8).putInt(0);
      long at = guest.put(ranges.array());

      assertEquals(BlockRequests.OK, guest.request(TestGuest.DISCARD, 0, at, 32, false));
      assertEquals(BlockRequests.OK, guest.request(TestGuest.WRITE_ZEROES, 0, at + 16, 16, false));

      Arrays.fill(data, 0, 64 * SECTOR, (byte) 0);
      Arrays.fill(data, 128 * SECTOR, 136 * SECTOR, (byte) 0);
      assertArrayEquals(data, guest.read(0, data.length));
    }
  }

  @Test
  void flushIsAnsweredAndTheDiskHasItsName() throws Exception {
    try (var disk = new TestDisk(device);
        var guest = new TestGuest(disk.socket, 128, MIB).start(0)) {
      assertEquals(BlockRequests.OK, guest.request(TestGuest.FLUSH, 0, 0, 0, false));
      long id = guest.place(20);
      assertEquals(BlockRequests.OK, guest.request(TestGuest.GET_ID, 0, id, 20, true));
      assertEquals("disk", new String(guest.get(id, 4), US_ASCII));
      assertEquals(BlockRequests.UNSUPP, guest.request(77, 0, id, 20, true));
    }
  }

  @Test
  void requestsOutsideTheDiskOrAgainstReadOnlyAreRefused() throws Exception {
    try (var disk = new TestDisk(new Export("disk", "", device, true, true, false));
        var guest = new TestGuest(disk.socket, 128, 4 * MIB).start(0)) {
      long sectors = 8 * MIB / SECTOR;
      long data = guest.place(1024);
      for (long sector : List.of(sectors, sectors - 1, -1L, Long.MAX_VALUE, Long.MIN_VALUE))
        assertEquals(
            BlockRequests.IOERR,
            guest.request(TestGuest.IN, sector, data, 1024, true),
            "" + sector);
      assertEquals(BlockRequests.IOERR, guest.request(TestGuest.IN, 0, data, 100, true));
      assertEquals(BlockRequests.IOERR, guest.request(TestGuest.OUT, 0, data, 512, false));
      assertEquals(BlockRequests.UNSUPP, guest.request(TestGuest.DISCARD, 0, data, 16, false));
      assertEquals(BlockRequests.OK, guest.request(TestGuest.IN, sectors - 2, data, 1024, true));
    }
  }

  @Test
  void configurationSaysWhatTheDiskIs() throws Exception {
    try (var disk = new TestDisk(device);
        var guest = new TestGuest(disk.socket, 128, MIB)) {
      guest.negotiate(0);
      guest.send(24, config(0, 60));
      ByteBuffer config = guest.receive(24);
      assertEquals(8 * MIB / SECTOR, config.getLong(12));
      assertEquals(SECTOR, config.getInt(12 + 20));
      assertEquals(1, config.get(12 + BlockConfig.WRITEBACK));
      assertEquals(BackEnd.MOST_QUEUES, config.getShort(12 + 34));
    }
  }

  private static byte[] config(int offset, int size) {
    ByteBuffer out = TestGuest.little(12 + size);
    out.putInt(offset).putInt(size).putInt(0);
    return out.array();
  }

  @Test
  void failureOfTheDiskIsAnErrorOfItsRequestAlone() throws Exception {
    try (var disk = new TestDisk(device);
        var guest = new TestGuest(disk.socket, 128, MIB).start(0)) {
      assertEquals(BlockRequests.OK, guest.write(8, new byte[4096]));
      for (boolean cold : List.of(false, true)) {
        device.cold(cold);
        device.breakAt(4096, new IOException("a scratch"));
        long data = guest.place(4096);
        assertEquals(BlockRequests.IOERR, guest.request(TestGuest.IN, 8, data, 4096, true));
        device.breakAt(-1, new IOException("none"));
        assertEquals(BlockRequests.OK, guest.request(TestGuest.IN, 8, data, 4096, true));
      }
    }
  }

  @Test
  void stoppedQueueGoesOnWhereItStopped() throws Exception {
    try (var disk = new TestDisk(device);
        var guest = new TestGuest(disk.socket, 128, MIB).start(0)) {
      byte[] data = random(new Random(4), 512);
      assertEquals(BlockRequests.OK, guest.write(3, data));

      int next = guest.stopQueue();
      guest.startQueue(next);

      assertEquals(1, next);
      assertArrayEquals(data, guest.read(3, 512));
    }
  }

  @Test
  void frontEndThatWentIsFollowedByAnother() throws Exception {
    try (var disk = new TestDisk(device)) {
      byte[] data = random(new Random(5), 512);
      for (int i = 0; i < 20; i++) {
        var guest = new TestGuest(disk.socket, 128, MIB);
        guest.start(0);
        if (i > 0) assertArrayEquals(data, guest.read(3, 512));
        assertEquals(BlockRequests.OK, guest.write(3, data));
        guest.close();
      }
    }
  }

  @Test
  void frontEndThatLeavesWhileItIsHeardIsFollowedByAnother() throws Exception {
    try (var disk = new TestDisk(device)) {
      for (int i = 0; i < 50; i++) new TestGuest(disk.socket, 64, MIB).start(0).close();
      try (var guest = new TestGuest(disk.socket, 64, MIB).start(0)) {
        assertArrayEquals(new byte[SECTOR], guest.read(0, SECTOR));
      }
    }
  }

  @Test
  void secondFrontEndIsSentAwayWhileThereIsOne() throws Exception {
    try (var disk = new TestDisk(device);
        var guest = new TestGuest(disk.socket, 128, MIB).start(0);
        var second = new TestGuest(disk.socket, 128, MIB)) {
      second.awaitEnd();
      assertEquals(BlockRequests.OK, guest.write(3, new byte[512]));
    }
  }

  @Test
  void memoryThatIsAddedCanBeUsedWhileTheQueueRuns() throws Exception {
    try (var disk = new TestDisk(device);
        var guest = new TestGuest(disk.socket, 128, MIB).start(0)) {
      assertEquals(BlockRequests.OK, guest.write(3, new byte[512]));
      byte[] region = TestGuest.region(0, 1L << 40, MIB, 1L << 41, 0);

      guest.send(37, region, guest.memory);
      assertEquals(BlockRequests.OK, guest.write(3, new byte[512]));
      guest.send(38, region);

      assertEquals(BlockRequests.OK, guest.write(3, new byte[512]));
    }
  }

  @Test
  void killedServerGoesOnWithWhatWasInFlight() throws Exception {
    int inflight;
    try (var disk = new TestDisk(device);
        var guest = new TestGuest(disk.socket, 128, MIB)) {
      guest.negotiate(0);
      guest.shareMemory();
      ByteBuffer ask = TestGuest.little(20);
      ask.putLong(0).putLong(0).putShort((short) 1).putShort((short) 128);
      guest.send(31, ask.array());
      byte[] table = guest.receive(31).array();
      inflight = guest.receivedDescriptor();
      guest.send(32, table, inflight);
      guest.startQueue(0);
      assertEquals(BlockRequests.OK, guest.write(3, new byte[512]));
      // Taken by a server that is no more: the third chain of the ring.
      long status = guest.put(new byte[] {(byte) 0xff});
      byte[] data = random(new Random(6), 512);
      int head =
          guest.chain(
              new Buffer(guest.put(guest.header(TestGuest.OUT, 9)), 16, false),
              new Buffer(guest.put(data), 512, false),
              new Buffer(status, 1, true));
      assertEquals(1, guest.stopQueue());
      var left = InflightTable.map(inflight, 0, InflightTable.length(1, 128), 1, 128);
      guest.offer(head);
      left.taken(0, head);

      guest.publish(); // the one before would not have taken it else
      guest.startQueue(1);
      guest.await(1);

      assertEquals(BlockRequests.OK, HostMemory.getByte(status));
      assertTrue(left.left(0).isEmpty());
      assertArrayEquals(data, guest.read(9, 512));
      Posix.close(inflight);
    }
  }

  private static byte[] random(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }
}
