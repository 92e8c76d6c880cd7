package dev.varve.io.vhost;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.Export;
import dev.varve.io.posix.DescriptorSocket;
import dev.varve.io.testing.MemoryDevice;
import dev.varve.io.vhost.TestGuest.Buffer;
import io.vertx.core.Future;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** A medium is mounted or ejected, or its flags change, while a guest runs. */
@Timeout(value = 300, threadMode = ThreadMode.SEPARATE_THREAD)
class ExchangedDiskTest {

  private static final int MIB = 1 << 20;
  private static final int SECTOR = 512;

  private final MemoryDevice first = new MemoryDevice(8 * MIB);
  private final MemoryDevice second = new MemoryDevice(16 * MIB);
  private final byte[] ofFirst = random(1);
  private final byte[] ofSecond = random(2);

  @Test
  void requestsThatComeWhileThereIsNoDiskAreForTheNext() throws Exception {
    try (var disk = new TestDisk(first);
        var guest = new TestGuest(disk.socket, 128, MIB).start(0)) {
      assertEquals(BlockRequests.OK, guest.write(5, ofFirst));
      fill(second, ofSecond);

      await(disk.server.withdraw(disk.socket));
      long data = guest.place(SECTOR);
      long status = offerRead(guest, 5, data);
      assertEquals((byte) 0xff, HostMemory.getByte(status));
      disk.server.publish(disk.socket, export(second, false));
      guest.await(1);

      assertEquals(BlockRequests.OK, HostMemory.getByte(status));
      assertArrayEquals(ofSecond, guest.get(data, SECTOR));
      assertEquals(BlockRequests.OK, guest.write(16 * MIB / SECTOR - 1, ofFirst));
    }
  }

  @Test
  void guestHearsThatItsDiskHasAnotherSize() throws Exception {
    try (var disk = new TestDisk(first);
        var guest = new TestGuest(disk.socket, 128, MIB).start(0);
        var channel = new Channel()) {
      guest.send(ControlMessage.SET_BACKEND_REQ_FD, new byte[0], channel.servers.descriptor());
      assertEquals(8 * MIB / SECTOR, sectors(guest));

      exchange(disk, export(second, false));

      assertEquals(ControlMessage.CONFIG_CHANGE, channel.receive().getInt(0));
      assertEquals(16 * MIB / SECTOR, sectors(guest));
    }
  }

  @Test
  void diskIsUsedUntilWhatIsInFlightIsAnswered() throws Exception {
    var storage = new LinkedBlockingQueue<Runnable>();
    try (var disk = new TestDisk(new MemoryDevice(MIB, false, storage::add));
        var guest = new TestGuest(disk.socket, 128, MIB).start(0)) {
      long status = offer(guest, TestGuest.FLUSH, 0);
      Runnable flush = storage.take();

      Future<Void> unused = disk.server.withdraw(disk.socket);
      disk.server.publish(disk.socket, export(second, false));
      assertFalse(unused.isComplete());
      flush.run();
      await(unused);
      long after = offer(guest, TestGuest.FLUSH, 0);
      guest.await(2);

      assertEquals(BlockRequests.OK, HostMemory.getByte(status));
      assertEquals(BlockRequests.OK, HostMemory.getByte(after));
      assertTrue(storage.isEmpty(), "the second flush was for the second disk");
    }
  }

  @Test
  void mediumThatMayOnlyBeReadIsNotWritten() throws Exception {
    try (var disk = new TestDisk(first);
        var guest = new TestGuest(disk.socket, 128, MIB).start(0)) {
      exchange(disk, export(second, true));
      assertEquals(BlockRequests.IOERR, guest.write(5, ofFirst));
      assertArrayEquals(new byte[SECTOR], guest.read(5, SECTOR));
      exchange(disk, export(first, false));
      assertEquals(BlockRequests.OK, guest.write(5, ofFirst));
    }
  }

  @Test
  void frontEndThatGoesWhileThereIsNoDiskIsFollowedByAnother() throws Exception {
    try (var disk = new TestDisk(first)) {
      for (int i = 0; i < 10; i++) {
        var guest = new TestGuest(disk.socket, 128, MIB).start(0);
        assertEquals(BlockRequests.OK, guest.write(5, ofFirst));
        await(disk.server.withdraw(disk.socket));
        guest.close();
        disk.server.publish(disk.socket, export(i % 2 == 0 ? second : first, false));
      }
    }
  }

  @Test
  void frontEndThatGoesWhileItsDiskIsTakenAwayDelaysNothing() throws Exception {
    for (int i = 0; i < 20; i++) {
      try (var disk = new TestDisk(first)) {
        var guest = new TestGuest(disk.socket, 128, MIB).start(0);
        assertEquals(BlockRequests.OK, guest.write(5, ofFirst));
        Future<Void> unused = disk.server.withdraw(disk.socket);
        guest.close();
        await(unused);
      }
    }
  }

  @Test
  void socketThatIsRemovedWithoutADiskSendsItsFrontEndAway() throws Exception {
    try (var disk = new TestDisk(first);
        var guest = new TestGuest(disk.socket, 128, MIB).start(0)) {
      assertEquals(BlockRequests.OK, guest.write(5, ofFirst));
      await(disk.server.withdraw(disk.socket));

      await(disk.server.remove(disk.socket));

      guest.awaitEnd();
      assertFalse(Files.exists(disk.socket));
      disk.server.publish(disk.socket, export(first, false));
      try (var another = new TestGuest(disk.socket, 128, MIB).start(0)) {
        assertArrayEquals(ofFirst, another.read(5, SECTOR));
      }
    }
  }

  @Test
  void socketWithoutAListenerIsReplacedAndNothingElse() throws Exception {
    try (var disk = new TestDisk(first)) {
      Path left = disk.folder.resolve("left");
      DescriptorSocket.listen(left, 1).close();
      disk.server.publish(left, export(second, false));
      await(disk.server.remove(left));

      Path file = Files.writeString(disk.folder.resolve("file"), "mine");
      for (Path taken : new Path[] {file, disk.folder}) {
        var refused = catchFailure(() -> disk.server.publish(taken, export(second, false)));
        assertEquals(taken + " is not a socket; choose another path", refused.getMessage());
      }
      assertEquals("mine", Files.readString(file));
      Files.delete(file);

      try (var other = new TestDisk(second)) {
        var refused = catchFailure(() -> disk.server.publish(other.socket, export(first, false)));
        assertEquals(
            "another server listens on " + other.socket + "; stop it or choose another path",
            refused.getMessage());
      }
    }
  }

  private interface Publication {
    void run() throws IOException;
  }

  private static IOException catchFailure(Publication publication) {
    try {
      publication.run();
    } catch (IOException e) {
      return e;
    }
    throw new AssertionError("it was published");
  }

  private static void exchange(TestDisk disk, Export next) throws IOException {
    await(disk.server.withdraw(disk.socket));
    disk.server.publish(disk.socket, next);
  }

  private static void await(Future<Void> future) {
    future.toCompletionStage().toCompletableFuture().join();
  }

  private static Export export(BlockDevice device, boolean readOnly) {
    return new Export("disk", "", device, readOnly, true, false);
  }

  private static void fill(MemoryDevice device, byte[] sector) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      var bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, sector);
      assertTrue(device.tryWrite(5L * SECTOR, bytes));
    }
  }

  private static long offerRead(TestGuest guest, long sector, long data) {
    long status = guest.put(new byte[] {(byte) 0xff});
    guest.offer(
        guest.chain(
            new Buffer(guest.put(guest.header(TestGuest.IN, sector)), 16, false),
            new Buffer(data, SECTOR, true),
            new Buffer(status, 1, true)));
    guest.publish();
    return status;
  }

  private static long offer(TestGuest guest, int type, long sector) {
    long status = guest.put(new byte[] {(byte) 0xff});
    guest.offer(
        guest.chain(
            new Buffer(guest.put(guest.header(type, sector)), 16, false),
            new Buffer(status, 1, true)));
    guest.publish();
    return status;
  }

  private static long sectors(TestGuest guest) throws IOException {
    ByteBuffer ask = TestGuest.little(12 + 60);
    ask.putInt(0).putInt(60).putInt(0);
    guest.send(ControlMessage.GET_CONFIG, ask.array());
    return guest.receive(ControlMessage.GET_CONFIG).getLong(12);
  }

  private static byte[] random(long seed) {
    byte[] bytes = new byte[SECTOR];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /** The channel through which the server tells a front-end of changes. */
  private static final class Channel implements AutoCloseable {
    private final Path folder = Files.createTempDirectory("channel");
    private final DescriptorSocket frontEnds;
    final DescriptorSocket servers;

    Channel() throws IOException {
      Path path = folder.resolve("s");
      try (DescriptorSocket listening = DescriptorSocket.listen(path, 1)) {
        servers = DescriptorSocket.connect(path);
        frontEnds = listening.accept();
      }
      Files.delete(path);
    }

    ByteBuffer receive() throws IOException {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment in = arena.allocate(ControlMessage.HEADER);
        while (frontEnds.receive(in) == DescriptorSocket.NOTHING_YET) Thread.onSpinWait();
        ByteBuffer message = TestGuest.little(ControlMessage.HEADER);
        message.put(in.toArray(ValueLayout.JAVA_BYTE)).flip();
        return message;
      }
    }

    @Override
    public void close() throws IOException {
      frontEnds.close();
      servers.close();
      Files.delete(folder);
    }
  }
}
