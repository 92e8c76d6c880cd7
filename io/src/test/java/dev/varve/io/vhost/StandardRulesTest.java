package dev.varve.io.vhost;

import static dev.varve.io.vhost.TestGuest.GUEST;
import static dev.varve.io.vhost.TestGuest.INDIRECT;
import static dev.varve.io.vhost.TestGuest.INDIRECT_FEATURE;
import static dev.varve.io.vhost.TestGuest.NEXT;
import static dev.varve.io.vhost.TestGuest.WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.io.testing.MemoryDevice;
import dev.varve.io.vhost.TestGuest.Buffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/**
 * What virtio 1.2 forbids a driver of split rings (sections 2.6 and 2.7) and of a block device
 * (5.2), done all the same. {@link #RULES} is the table: rule, what the driver does, what the
 * device does. Whatever that is, the disk is as it was and the next driver is served. What a
 * front-end does wrong with its messages is in {@link HostileGuestTest}, what it does to its memory
 * in {@link HostileMemoryTest}.
 */
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class StandardRulesTest {

  private static final int MIB = 1 << 20;
  private static final int SIZE = 128;

  /** What the device does. */
  private enum Device {
    /** It answers no request any more until it is set up anew, and the log says why. */
    STOPS,
    /** The request fails with VIRTIO_BLK_S_IOERR. */
    IOERR,
    /** The request fails with VIRTIO_BLK_S_UNSUPP. */
    UNSUPP,
    /** The request is served: the device has no need of the rule. */
    SERVES
  }

  /** Does the wrong thing with a ring that works; returns where the status goes, or 0. */
  private interface Wrong {
    long with(TestGuest guest) throws Exception;
  }

  private record Rule(String section, String wrong, Device device, Wrong driver) {}

  private static final List<Rule> RULES =
      List.of(
          // 2.6, 2.7.1 to 2.7.4: rings and the framing of messages
          rule("2.6", "two chains with one head", Device.SERVES, g -> twice(g)),
          rule(
              "2.7.4.2",
              "what the device writes before what it reads",
              Device.STOPS,
              g -> {
                long status = g.put(new byte[] {9});
                offer(g, new Buffer(status, 1, true), header(g, 0, 0));
                return 0;
              }),
          rule(
              "2.7.4.2",
              "data to be written, in front of data to be read",
              Device.STOPS,
              g -> {
                offer(g, header(g, 1, 0), written(g, 512), read(g, 512), written(g, 1));
                return 0;
              }),
          rule(
              "2.7.4.1",
              "a header in 16 buffers, a status behind a page",
              Device.SERVES,
              g -> {
                long header = g.put(g.header(0, 0));
                var buffers = new ArrayList<Buffer>();
                for (int i = 0; i < 16; i++) buffers.add(new Buffer(header + i, 1, false));
                Buffer data = written(g, 512 + 1);
                buffers.add(data);
                offer(g, buffers.toArray(Buffer[]::new));
                return data.address() + 512;
              }),
          // 2.7.5: descriptors
          rule(
              "2.7.5",
              "a buffer of no bytes",
              Device.STOPS,
              g -> {
                offer(g, header(g, 0, 0), new Buffer(g.place(512), 0, true), written(g, 1));
                return 0;
              }),
          rule(
              "2.7.5.2",
              "a loop of descriptors",
              Device.STOPS,
              g -> {
                offer(g, header(g, 0, 0), written(g, 512));
                g.descriptor(1, g.guest(g.place(512)), 512, NEXT | WRITE, 1);
                return 0;
              }),
          rule(
              "2.7.5.2",
              "a chain of more than 4 GiB",
              Device.STOPS,
              g -> {
                for (int i = 0; i < SIZE; i++)
                  g.descriptor(i, GUEST, 1 << 30, NEXT | WRITE, i + 1 & SIZE - 1);
                g.offer(0);
                return 0;
              }),
          rule(
              "2.7.5",
              "a next descriptor outside the table",
              Device.STOPS,
              g -> {
                offer(g, header(g, 0, 0), written(g, 512));
                g.descriptor(1, g.guest(g.place(512)), 512, NEXT | WRITE, SIZE);
                return 0;
              }),
          rule(
              "2.7.5",
              "a next descriptor without NEXT",
              Device.SERVES,
              g -> {
                long status = g.place(1);
                offer(g, header(g, 4, 0), new Buffer(status, 1, true));
                g.descriptor(1, g.guest(status), 1, WRITE, 60_000);
                return status;
              }),
          rule(
              "2.7.5",
              "flags that do not exist",
              Device.SERVES,
              g -> {
                long status = g.place(1);
                offer(g, header(g, 4, 0), new Buffer(status, 1, true));
                g.descriptor(1, g.guest(status), 1, WRITE | 0xfff8, 0);
                return status;
              }),
          // 2.7.5.3: indirect descriptors
          rule(
              "2.7.5.3.1",
              "an indirect table in an indirect table",
              Device.STOPS,
              g -> {
                long table = g.place(32);
                TestGuest.write(table, 0, g.guest(table), 32, INDIRECT, 0);
                table(g, table, 32, 0);
                return 0;
              }),
          rule(
              "2.7.5.3.1",
              "an indirect descriptor with a next one",
              Device.STOPS,
              g -> {
                table(g, tableOfFlush(g, g.place(1)), 32, NEXT);
                return 0;
              }),
          rule(
              "2.7.5.3.1",
              "an indirect table of 24 bytes",
              Device.STOPS,
              g -> {
                table(g, tableOfFlush(g, g.place(1)), 24, 0);
                return 0;
              }),
          rule(
              "2.7.5.3.1",
              "a table longer than the ring",
              Device.SERVES,
              g -> {
                long header = g.put(g.header(4, 0));
                long status = g.place(1);
                long table = g.place(16L * 600);
                for (int i = 0; i < 598; i++)
                  TestGuest.write(table, i, g.guest(header), 16, NEXT, i + 1);
                TestGuest.write(table, 598, g.guest(status), 1, WRITE, 0);
                table(g, table, 16 * 600, 0);
                return status;
              }),
          rule(
              "2.7.5.3.2",
              "WRITE on an indirect table, which is no offence",
              Device.SERVES,
              g -> {
                long status = g.place(1);
                table(g, tableOfFlush(g, status), 32, WRITE);
                return status;
              }),
          rule(
              "2.7.5.3.2",
              "a table behind descriptors, which is no offence",
              Device.SERVES,
              g -> {
                long status = g.place(1);
                long table = g.place(16);
                TestGuest.write(table, 0, g.guest(status), 1, WRITE, 0);
                g.descriptor(0, g.guest(g.put(g.header(4, 0))), 16, NEXT, 1);
                g.descriptor(1, g.guest(table), 16, INDIRECT, 0);
                g.offer(0);
                return status;
              }),
          rule(
              "2.7.5.3",
              "a table at an odd address, which is no offence",
              Device.SERVES,
              g -> {
                long status = g.place(1);
                long table = tableOfFlush(g, status);
                long odd = g.place(64) + 1;
                for (int i = 0; i < 32; i++)
                  HostMemory.putByte(odd + i, HostMemory.getByte(table + i));
                table(g, odd, 32, 0);
                return status;
              }),
          // 2.7.6: the available ring
          rule(
              "2.7.6",
              "a head that is no descriptor",
              Device.STOPS,
              g -> {
                g.offer(SIZE);
                return 0;
              }),
          rule(
              "2.7.6",
              "an index that leaps further than the ring",
              Device.STOPS,
              g -> {
                g.publish(g.offered() + SIZE + 1);
                return 0;
              }),
          rule(
              "2.7.6.1",
              "an index that goes back",
              Device.STOPS,
              g -> {
                g.publish(g.offered() - 1);
                return 0;
              }),
          // 5.2.6: requests
          rule(
              "5.2.6",
              "a header of 15 bytes",
              Device.STOPS,
              g -> {
                offer(g, new Buffer(g.put(g.header(0, 0)), 15, false), written(g, 513));
                return 0;
              }),
          rule(
              "5.2.6",
              "a header that the device may write",
              Device.STOPS,
              g -> {
                offer(g, new Buffer(g.put(g.header(0, 0)), 16, true), written(g, 513));
                return 0;
              }),
          rule(
              "5.2.6",
              "no status",
              Device.STOPS,
              g -> {
                offer(g, header(g, 1, 0), read(g, 512));
                return 0;
              }),
          rule("5.2.6", "an unknown type", Device.UNSUPP, g -> request(g, 3, 0, written(g, 512))),
          rule(
              "5.2.6",
              "a type that is none of 5.2",
              Device.UNSUPP,
              g -> request(g, -1, 0, written(g, 512))),
          rule(
              "5.2.6.1",
              "a read of no whole sector",
              Device.IOERR,
              g -> request(g, 0, 0, written(g, 511))),
          rule(
              "5.2.6.1",
              "a write of no whole sector",
              Device.IOERR,
              g -> request(g, 1, 0, read(g, 513))),
          rule(
              "5.2.6.1",
              "a read past the capacity",
              Device.IOERR,
              g -> request(g, 0, 2047, written(g, 1024))),
          rule(
              "5.2.6.1",
              "a write past the capacity",
              Device.IOERR,
              g -> request(g, 1, 2048, read(g, 512))),
          rule(
              "5.2.6.1",
              "a write at the last of all sectors",
              Device.IOERR,
              g -> request(g, 1, -1, read(g, 512))),
          rule(
              "5.2.6.1",
              "a write where 64 bits of bytes end",
              Device.IOERR,
              g -> request(g, 1, 1L << 55, read(g, 512))),
          rule(
              "5.2.6.1",
              "a read with a buffer to be read",
              Device.SERVES,
              g -> request(g, 0, 0, read(g, 512))),
          rule(
              "5.2.6.1",
              "an identity of 19 bytes",
              Device.IOERR,
              g -> request(g, 8, 0, written(g, 19))),
          rule(
              "5.2.6.1",
              "a flush of a sector",
              Device.SERVES,
              g -> request(g, 4, 77, written(g, 512))),
          rule("5.2.6.1", "a discard of no range", Device.IOERR, g -> ranges(g, 11, 0, 0, 0)),
          rule(
              "5.2.6.1",
              "a discard of half a range",
              Device.IOERR,
              g -> request(g, 11, 0, read(g, 8))),
          rule(
              "5.2.6.1",
              "a discard of too many ranges",
              Device.IOERR,
              g -> ranges(g, 11, 65, 0, 0)),
          rule(
              "5.2.6.1",
              "a discard past the capacity",
              Device.IOERR,
              g -> ranges(g, 11, 1, 2041, 8)),
          rule(
              "5.2.6.1",
              "a discard at a negative sector",
              Device.IOERR,
              g -> ranges(g, 11, 1, -8, 8)),
          rule(
              "5.2.6.1",
              "a discard of 2 TiB",
              Device.IOERR,
              g -> ranges(g, 11, 1, 0, 0xffff_ffffL)),
          rule(
              "5.2.6.1",
              "a discard that unmaps",
              Device.UNSUPP,
              g -> ranges(g, 11, 1, 0, 1L << 32)),
          rule(
              "5.2.6.1",
              "zeroing with unknown flags",
              Device.UNSUPP,
              g -> ranges(g, 13, 1, 0, 1L << 33)),
          rule(
              "5.2.6.1",
              "zeroing past the capacity",
              Device.IOERR,
              g -> ranges(g, 13, 64, 2048, 1)));

  private static Rule rule(String section, String wrong, Device device, Wrong driver) {
    return new Rule(section, wrong, device, driver);
  }

  private static Buffer header(TestGuest guest, int type, long sector) {
    return new Buffer(guest.put(guest.header(type, sector)), 16, false);
  }

  private static Buffer read(TestGuest guest, int length) {
    return new Buffer(guest.place(length), length, false);
  }

  private static Buffer written(TestGuest guest, int length) {
    return new Buffer(guest.place(length), length, true);
  }

  private static void offer(TestGuest guest, Buffer... buffers) {
    guest.offer(guest.chain(buffers));
  }

  private static long request(TestGuest guest, int type, long sector, Buffer data) {
    long status = guest.put(new byte[] {9});
    offer(guest, header(guest, type, sector), data, new Buffer(status, 1, true));
    return status;
  }

  private static long twice(TestGuest guest) {
    long status = request(guest, 4, 0, written(guest, 512));
    guest.offer(0);
    return status;
  }

  private static long ranges(TestGuest guest, int type, int count, long sector, long word) {
    var ranges = TestGuest.little(16 * count);
    for (int i = 0; i < count; i++) ranges.putLong(sector).putLong(word);
    long status = guest.put(new byte[] {9});
    Buffer data = new Buffer(guest.put(ranges.array()), 16 * count, false);
    if (count > 0) offer(guest, header(guest, type, 0), data, new Buffer(status, 1, true));
    else offer(guest, header(guest, type, 0), new Buffer(status, 1, true));
    return status;
  }

  private static long tableOfFlush(TestGuest guest, long status) {
    long table = guest.place(32);
    TestGuest.write(table, 0, guest.guest(guest.put(guest.header(4, 0))), 16, NEXT, 1);
    TestGuest.write(table, 1, guest.guest(status), 1, WRITE, 0);
    return table;
  }

  private static void table(TestGuest guest, long table, int length, int flags) {
    guest.descriptor(0, guest.guest(table), length, INDIRECT | flags, 1);
    guest.offer(0);
  }

  @TestFactory
  Stream<DynamicTest> deviceDoesWhatTheTableSays() {
    return RULES.stream()
        .map(rule -> DynamicTest.dynamicTest(rule.section + " " + rule.wrong, () -> check(rule)));
  }

  private void check(Rule rule) throws Exception {
    byte[] data = new byte[512];
    new Random(7).nextBytes(data);
    try (var disk = new TestDisk(new MemoryDevice(MIB))) {
      try (var guest = new TestGuest(disk.socket, SIZE, MIB).start(INDIRECT_FEATURE)) {
        assertEquals(BlockRequests.OK, guest.write(3, data));
        guest.reuse();
        int before = guest.offered();
        long status = rule.driver.with(guest);
        int offered = guest.offered() - before;
        if (offered > 0) guest.publish();
        if (rule.device != Device.STOPS) guest.await(offered);
        guest.stopQueue(); // what it does is done then

        assertEquals(rule.device == Device.STOPS ? 1 : 1 + offered, guest.usedIndex());
        if (status != 0) assertEquals(statusOf(rule.device), HostMemory.getByte(status));
      }
      try (var next = new TestGuest(disk.socket, SIZE, MIB).start(0)) {
        assertArrayEquals(data, next.read(3, 512));
      }
    }
  }

  private static byte statusOf(Device device) {
    return switch (device) {
      case IOERR -> BlockRequests.IOERR;
      case UNSUPP -> BlockRequests.UNSUPP;
      default -> BlockRequests.OK;
    };
  }

  /** 2.7.6: a driver has no more under way than the ring has entries. */
  @Test
  void chainsThatAreOfferedAgainBeforeTheyAreUsedStopTheDevice() throws Exception {
    var storage = new ArrayDeque<Runnable>();
    var device = new MemoryDevice(MIB, false, storage::add);
    try (var disk = new TestDisk(device)) {
      try (var guest = new TestGuest(disk.socket, 4, MIB).start(0)) {
        for (int i = 0; i < 9; i++) {
          guest.reuse();
          request(guest, TestGuest.FLUSH, 0, written(guest, 512));
          guest.publish();
          guest.ask(1);
          guest.enableQueue(); // it has looked at its ring then
        }
        assertEquals(4, storage.size());
        storage.forEach(Runnable::run);
        guest.stopQueue();
        assertEquals(0, guest.usedIndex());
      }
    }
  }
}
