package dev.varve.io.vhost;

import static dev.varve.io.vhost.TestGuest.GUEST;
import static dev.varve.io.vhost.TestGuest.INDIRECT;
import static dev.varve.io.vhost.TestGuest.INDIRECT_FEATURE;
import static dev.varve.io.vhost.TestGuest.NEXT;
import static dev.varve.io.vhost.TestGuest.WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.io.posix.EventDescriptor;
import dev.varve.io.posix.OddDescriptors;
import dev.varve.io.posix.Posix;
import dev.varve.io.posix.SharedMemory;
import dev.varve.io.testing.MemoryDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** Guests and front-ends that break the rules: their device stops, and the next one works. */
@Timeout(value = 300, threadMode = ThreadMode.SEPARATE_THREAD)
class HostileGuestTest {

  private static final int MIB = 1 << 20;

  /** What a driver does wrong with the ring of a device that works. */
  private interface Wrong {
    void with(TestGuest guest) throws Exception;
  }

  private static Map<String, Wrong> wrongThings() {
    Map<String, Wrong> wrong = new LinkedHashMap<>();
    wrong.put("a head that is no descriptor", g -> g.offer(60_000));
    wrong.put("more chains than there are entries", g -> g.publish(g.offered() + 129));
    wrong.put(
        "a next descriptor that is none",
        g -> {
          g.descriptor(0, g.guest(g.put(g.header(0, 0))), 16, NEXT, 500);
          g.offer(0);
        });
    wrong.put(
        "a loop of descriptors",
        g -> {
          g.descriptor(0, g.guest(g.put(g.header(0, 0))), 16, NEXT, 1);
          g.descriptor(1, g.guest(g.place(512)), 512, NEXT, 0);
          g.offer(0);
        });
    wrong.put("a buffer outside the memory", g -> data(g, 5, 512));
    wrong.put("a buffer behind the end of the memory", g -> data(g, GUEST + MIB - 100, 512));
    wrong.put("a buffer at the end of all addresses", g -> data(g, -100, 512));
    wrong.put("a buffer at a negative address", g -> data(g, Long.MIN_VALUE, 512));
    wrong.put("a buffer of 4 GiB", g -> data(g, GUEST, -1));
    wrong.put("a buffer of no bytes", g -> data(g, GUEST + 8192, 0));
    wrong.put(
        "a header of 8 bytes",
        g -> {
          g.descriptor(0, g.guest(g.put(g.header(0, 0))), 8, NEXT, 1);
          g.descriptor(1, g.guest(g.place(1)), 1, WRITE, 0);
          g.offer(0);
        });
    wrong.put(
        "no status",
        g -> {
          g.descriptor(0, g.guest(g.put(g.header(4, 0))), 16, 0, 0);
          g.offer(0);
        });
    wrong.put(
        "a status that cannot be written before data that are read",
        g -> {
          g.descriptor(0, g.guest(g.put(g.header(1, 0))), 16, NEXT, 1);
          g.descriptor(1, g.guest(g.place(1)), 1, WRITE | NEXT, 2);
          g.descriptor(2, g.guest(g.place(512)), 512, 0, 0);
          g.offer(0);
        });
    wrong.put("an indirect table of 17 bytes", g -> table(g, GUEST + 8192, 17, 0));
    wrong.put("an indirect table of no bytes", g -> table(g, GUEST + 8192, 0, 0));
    wrong.put("an indirect table outside the memory", g -> table(g, 16, 32, 0));
    wrong.put("an indirect table of a million", g -> table(g, GUEST, 16 << 20, 0));
    wrong.put("an indirect table with a next one", g -> table(g, GUEST + 8192, 32, NEXT));
    wrong.put(
        "an indirect table in an indirect table",
        g -> {
          long table = g.place(32);
          TestGuest.write(table, 0, g.guest(table), 16, INDIRECT, 0);
          table(g, g.guest(table), 16, 0);
        });
    return wrong;
  }

  private static void data(TestGuest guest, long address, int length) {
    guest.descriptor(0, guest.guest(guest.put(guest.header(0, 0))), 16, NEXT, 1);
    guest.descriptor(1, address, length, WRITE | NEXT, 2);
    guest.descriptor(2, guest.guest(guest.place(1)), 1, WRITE, 0);
    guest.offer(0);
  }

  private static void table(TestGuest guest, long address, int length, int flags) {
    guest.descriptor(0, address, length, INDIRECT | flags, 1);
    guest.offer(0);
  }

  @TestFactory
  Stream<DynamicTest> deviceStopsAndTheNextFrontEndWorks() {
    return wrongThings().entrySet().stream()
        .map(each -> DynamicTest.dynamicTest(each.getKey(), () -> stopsFor(each.getValue())));
  }

  private void stopsFor(Wrong wrong) throws Exception {
    try (var disk = new TestDisk(new MemoryDevice(MIB))) {
      byte[] data = new byte[512];
      new Random(7).nextBytes(data);
      try (var guest = new TestGuest(disk.socket, 128, MIB).start(INDIRECT_FEATURE)) {
        assertEquals(BlockRequests.OK, guest.write(3, data));
        guest.reuse();
        wrong.with(guest);
        if (guest.offered() > 1) guest.publish();
        guest.stopQueue(); // it answers, and the queue has done what it will do
        assertEquals(1, guest.usedIndex());
      }
      try (var next = new TestGuest(disk.socket, 128, MIB).start(0)) {
        assertArrayEquals(data, next.read(3, 512));
      }
    }
  }

  /** What a front-end does wrong on the control socket. */
  private static Map<String, Wrong> wrongMessages() {
    Map<String, Wrong> wrong = new LinkedHashMap<>();
    wrong.put("another version", g -> g.send(1, 2, new byte[0]));
    wrong.put("an unknown message", g -> g.send(99, new byte[8]));
    wrong.put(
        "a message of 2 GiB",
        g -> g.sendBytes(TestGuest.little(12).putInt(1).putInt(1).putInt(-5).array()));
    wrong.put("features that do not exist", g -> g.send(2, TestGuest.longs(-1)));
    wrong.put("a message that is too short", g -> g.send(9, new byte[4]));
    wrong.put("a queue that does not exist", g -> g.send(8, TestGuest.ints(900, 128)));
    wrong.put("a ring of 0 entries", g -> g.send(8, TestGuest.ints(0, 0)));
    wrong.put("a ring of 100 entries", g -> g.send(8, TestGuest.ints(0, 100)));
    wrong.put("a ring of a million entries", g -> g.send(8, TestGuest.ints(0, 1 << 20)));
    wrong.put("a kick without a descriptor", g -> g.send(12, TestGuest.longs(0)));
    wrong.put("a kick that cannot be waited for", HostileGuestTest::kickOnAFile);
    wrong.put("a call into a pipe that nothing reads", HostileGuestTest::callIntoAPipe);
    wrong.put("an error into a pipe that nothing reads", g -> pipe(g, 14));
    wrong.put("a kick by a pipe that is closed", g -> pipe(g, 12));
    wrong.put("memory that is a file", g -> shareFile(g, Path.of("/proc/self/exe")));
    wrong.put("memory that is a folder", g -> shareFile(g, Path.of("/tmp")));
    wrong.put("memory that is a device", g -> shareFile(g, Path.of("/dev/zero")));
    wrong.put("memory of 9 TiB", HostileGuestTest::tooMuchMemory);
    wrong.put(
        "the configuration space at 2 GiB",
        g -> g.send(24, TestGuest.ints(Integer.MAX_VALUE - 3, 4, 0, 0)));
    wrong.put(
        "the configuration space at 1 GiB", g -> g.send(24, TestGuest.ints(1 << 30, 4, 0, 0)));
    wrong.put("replies that it never reads", HostileGuestTest::floodsAndNeverReads);
    wrong.put("40 descriptors", HostileGuestTest::manyDescriptors);
    wrong.put("20 regions with 2 descriptors", HostileGuestTest::fewDescriptors);
    wrong.put(
        "memory without a descriptor", g -> g.send(5, TestGuest.region(1, GUEST, MIB, g.host, 0)));
    wrong.put(
        "memory longer than its file",
        g -> g.send(5, TestGuest.region(1, GUEST, 1L << 40, g.host, 0), g.memory));
    wrong.put(
        "memory at a negative offset",
        g -> g.send(5, TestGuest.region(1, GUEST, MIB, g.host, -4096), g.memory));
    wrong.put(
        "memory around the end of all addresses",
        g -> g.send(5, TestGuest.region(1, Long.MAX_VALUE - 10, MIB, g.host, 0), g.memory));
    wrong.put(
        "a billion regions", g -> g.send(5, TestGuest.region(1 << 30, GUEST, 0, 0, 0), g.memory));
    wrong.put(
        "regions that overlap",
        g -> {
          g.shareMemory();
          g.send(37, TestGuest.region(0, GUEST + 4096, 4096, 77, 0), g.memory);
        });
    wrong.put("a region to remove that is none", g -> g.send(38, new byte[40]));
    wrong.put(
        "a ring outside the memory",
        g -> {
          g.shareMemory();
          g.addresses(g.host + MIB - 64, g.host, g.host);
          g.send(12, TestGuest.longs(0), g.kickDescriptor());
        });
    wrong.put(
        "a ring at an odd address",
        g -> {
          g.shareMemory();
          g.addresses(g.host + 1, g.host + 8192, g.host + 16384);
          g.send(12, TestGuest.longs(0), g.kickDescriptor());
        });
    wrong.put("a ring over two regions", g -> startsIn(g, g.endOfRing() - 1));
    wrong.put("a ring of which the end is not shared", HostileGuestTest::sharesTooLittle);
    wrong.put("a change of the capacity", g -> g.send(25, new byte[20]));
    wrong.put("in-flight memory that is too short", HostileGuestTest::shortInflight);
    return wrong;
  }

  private static void startsIn(TestGuest guest, long secondRegion) throws Exception {
    guest.shareMemoryInTwo(secondRegion);
    guest.startQueue(0);
  }

  private static void sharesTooLittle(TestGuest guest) throws Exception {
    long shared = guest.endOfRing() - 1 - guest.host;
    guest.send(5, TestGuest.region(1, GUEST, shared, guest.host, 0), guest.memory);
    guest.startQueue(0);
  }

  private static void kickOnAFile(TestGuest guest) throws Exception {
    guest.send(12, TestGuest.longs(0), guest.memory);
  }

  private static void callIntoAPipe(TestGuest guest) throws Exception {
    pipe(guest, 13);
  }

  private static void pipe(TestGuest guest, int request) throws Exception {
    int[] ends = OddDescriptors.pipe();
    guest.send(request, TestGuest.longs(0), request == 12 ? ends[0] : ends[1]);
    Posix.close(ends[0]);
    Posix.close(ends[1]);
  }

  private static void shareFile(TestGuest guest, Path path) throws Exception {
    int file = Posix.open(path, 0, 0);
    guest.send(5, TestGuest.region(1, GUEST, 4096, guest.host, 0), file);
    Posix.close(file);
  }

  private static void tooMuchMemory(TestGuest guest) throws Exception {
    int much = SharedMemory.create("much", 9L << 40);
    guest.send(5, TestGuest.region(1, GUEST, 9L << 40, guest.host, 0), much);
    Posix.close(much);
  }

  private static void floodsAndNeverReads(TestGuest guest) {
    try {
      while (true) guest.send(1, new byte[0]);
    } catch (IOException e) {
      // The server has closed the connection.
    }
  }

  private static void manyDescriptors(TestGuest guest) throws Exception {
    guest.sendBytes(TestGuest.ints(3, 1, 8), many(guest.memory, 20));
    guest.sendBytes(new byte[8], many(guest.memory, 20));
  }

  private static int[] many(int descriptor, int count) {
    int[] many = new int[count];
    Arrays.fill(many, descriptor);
    return many;
  }

  private static void fewDescriptors(TestGuest guest) throws Exception {
    byte[] regions = Arrays.copyOf(TestGuest.region(20, GUEST, MIB, guest.host, 0), 8 + 20 * 32);
    guest.send(5, regions, many(guest.memory, 2));
  }

  private static void shortInflight(TestGuest guest) throws Exception {
    var table = TestGuest.little(20);
    table.putLong(1L << 30).putLong(0).putShort((short) 1).putShort((short) 128);
    guest.send(32, table.array(), guest.memory);
  }

  @TestFactory
  Stream<DynamicTest> connectionEndsAndTheNextFrontEndWorks() {
    return wrongMessages().entrySet().stream()
        .map(each -> DynamicTest.dynamicTest(each.getKey(), () -> endsFor(each.getValue())));
  }

  private void endsFor(Wrong wrong) throws Exception {
    try (var disk = new TestDisk(new MemoryDevice(MIB))) {
      try (var guest = new TestGuest(disk.socket, 128, MIB)) {
        wrong.with(guest);
        guest.awaitEnd();
      }
      try (var next = new TestGuest(disk.socket, 128, MIB).start(0)) {
        assertArrayEquals(new byte[512], next.read(3, 512));
      }
    }
  }

  @Test
  void memoryThatIsTruncatedUnderARequestStopsTheDeviceAndNotTheProcess() throws Exception {
    for (boolean cold : new boolean[] {false, true}) {
      var device = new MemoryDevice(8 * MIB);
      try (var disk = new TestDisk(device)) {
        try (var guest = new TestGuest(disk.socket, 128, 8 * MIB).start(0)) {
          assertEquals(BlockRequests.OK, guest.write(0, new byte[MIB]));
          device.cold(cold);
          int head =
              guest.chain(
                  new TestGuest.Buffer(guest.put(guest.header(0, 0)), 16, false),
                  new TestGuest.Buffer(guest.host + 4 * MIB, MIB, true),
                  new TestGuest.Buffer(guest.place(1), 1, true));
          guest.offer(head);
          Posix.ftruncate(guest.memory, 3 * MIB);
          guest.publish();
          guest.stopQueue();
          assertEquals(1, guest.usedIndex());
        }
        device.cold(false);
        try (var next = new TestGuest(disk.socket, 128, MIB).start(0)) {
          assertArrayEquals(new byte[512], next.read(3, 512));
        }
      }
    }
  }

  @Test
  void ringThatIsTruncatedAwayStopsTheDeviceAndNotTheProcess() throws Exception {
    try (var disk = new TestDisk(new MemoryDevice(MIB))) {
      try (var guest = new TestGuest(disk.socket, 128, MIB).start(0)) {
        assertEquals(BlockRequests.OK, guest.write(3, new byte[512]));
        Posix.ftruncate(guest.memory, 0);
        EventDescriptor.signal(guest.kickDescriptor());
        guest.stopQueue();
      }
      try (var next = new TestGuest(disk.socket, 128, MIB).start(0)) {
        assertArrayEquals(new byte[512], next.read(3, 512));
      }
    }
  }
}
