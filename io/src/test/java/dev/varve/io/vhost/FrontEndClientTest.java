package dev.varve.io.vhost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.DeviceRequest.Op;
import dev.varve.core.device.DiskTraffic;
import dev.varve.core.device.Export;
import dev.varve.io.client.ClientTotals;
import dev.varve.io.client.ClientView;
import dev.varve.io.client.ClientWatcher;
import dev.varve.io.client.Transport;
import dev.varve.io.posix.Accounts;
import dev.varve.io.testing.MemoryDevice;
import dev.varve.io.vhost.TestGuest.Buffer;
import io.vertx.core.Future;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** A front-end is a client like those of NBD: it can be seen, is told of, and can be sent away. */
@Timeout(value = 300, threadMode = ThreadMode.SEPARATE_THREAD)
class FrontEndClientTest {

  private static final int MIB = 1 << 20;
  private static final String ON_REQUEST = "it was disconnected on request";

  private final MemoryDevice device = new MemoryDevice(8 * MIB);
  private final Export export = new Export("disk", "", device, false, true, false);

  @Test
  void frontEndIsSeenWithItsProcessAndWhatItsGuestAskedFor() throws Exception {
    try (var disk = new TestDisk(export);
        var guest = new TestGuest(disk.socket, 128, MIB).start(0)) {
      guest.write(0, new byte[8192]);
      device.cold(true);
      guest.read(8, 4096);
      guest.request(TestGuest.FLUSH, 0, 0, 0, false);

      ClientView seen = only(disk);

      assertEquals(Transport.VHOST_USER, seen.transport());
      assertEquals("disk", seen.export());
      String process = "process " + ProcessHandle.current().pid() + " ";
      assertTrue(seen.peer().startsWith(process), seen.peer());
      assertTrue(seen.peer().endsWith(", user " + Accounts.self()), seen.peer());
      assertEquals(new ClientTotals(3, 4096, 8192, 0), seen.asked());
      assertEquals(1, export.traffic().totals().clients());
    }
  }

  @Test
  void requestsAreCountedForTheirDiskBeforeTheDriverSeesTheirAnswer() throws Exception {
    try (var disk = new TestDisk(export);
        var guest = new TestGuest(disk.socket, 128, MIB).start(0)) {
      for (boolean cold : List.of(false, true)) {
        device.cold(cold);
        guest.write(0, new byte[8192]);
        guest.read(8, 4096);
      }

      DiskTraffic.Totals totals = export.traffic().totals();

      assertEquals(2, totals.of(Op.WRITE).answered().count());
      assertEquals(2 * 8192, totals.of(Op.WRITE).bytes());
      assertEquals(1, totals.of(Op.WRITE).handedOver());
      assertEquals(2, totals.of(Op.READ).answered().count());
      assertEquals(2 * 4096, totals.of(Op.READ).bytes());
      assertTrue(totals.of(Op.READ).answered().sumNanos() > 0);
      assertEquals(0, totals.inFlight());
    }
  }

  @Test
  void frontEndThatIsSentAwayGetsTheAnswersToWhatIsInFlight() throws Exception {
    var storage = new LinkedBlockingQueue<Runnable>();
    try (var disk = new TestDisk(new MemoryDevice(MIB, false, storage::add));
        var guest = new TestGuest(disk.socket, 128, MIB).start(0)) {
      long status = offerFlush(guest);
      Runnable flush = storage.take();
      ClientView seen = only(disk);
      assertEquals(1, seen.asked().inFlight());

      assertTrue(disk.clients.disconnect(seen.number()));
      flush.run();
      guest.await(1);

      assertEquals(BlockRequests.OK, HostMemory.getByte(status));
      guest.awaitEnd();
    }
  }

  @Test
  void frontEndThatWasSentAwayMayComeAgainAndIsAnotherClient() throws Exception {
    try (var disk = new TestDisk(export)) {
      var told = new Told(disk);
      try (var guest = new TestGuest(disk.socket, 128, MIB).start(0)) {
        told.next();
        disk.clients.disconnect(1);
        guest.awaitEnd();
      }
      assertEquals("1 left: " + ON_REQUEST, told.next());
      assertFalse(disk.clients.disconnect(1));
      assertEquals(0, export.traffic().totals().clients());

      try (var guest = new TestGuest(disk.socket, 128, MIB).start(0)) {
        assertEquals(BlockRequests.OK, guest.write(0, new byte[512]));
        assertEquals(2, only(disk).number());
      }
    }
  }

  @Test
  void frontEndWhoseDiskIsTakenAwayIsStillAClientAndCanBeSentAway() throws Exception {
    try (var disk = new TestDisk(export);
        var guest = new TestGuest(disk.socket, 128, MIB).start(0)) {
      guest.write(0, new byte[512]);
      await(disk.server.withdraw(disk.socket));
      assertEquals(1, only(disk).asked().requests());

      disk.clients.disconnect(only(disk).number());

      guest.awaitEnd();
    }
  }

  @Test
  void frontEndThatIsSentAwayWhileItsDiskIsBeingTakenAwayLetsGoOfIt() throws Exception {
    var storage = new LinkedBlockingQueue<Runnable>();
    try (var disk = new TestDisk(new MemoryDevice(MIB, false, storage::add));
        var guest = new TestGuest(disk.socket, 128, MIB).start(0)) {
      offerFlush(guest);
      Runnable flush = storage.take();
      Future<Void> unused = disk.server.withdraw(disk.socket);

      disk.clients.disconnect(only(disk).number());
      assertFalse(unused.isComplete());
      flush.run();

      await(unused);
      guest.awaitEnd();
    }
  }

  @Test
  void anotherDiskInTheSameSlotIsNoOtherClient() throws Exception {
    try (var disk = new TestDisk(export);
        var guest = new TestGuest(disk.socket, 128, MIB).start(0)) {
      guest.write(0, new byte[512]);
      await(disk.server.withdraw(disk.socket));
      disk.server.publish(disk.socket, export);

      guest.write(0, new byte[512]);

      assertEquals(new ClientTotals(2, 0, 1024, 0), only(disk).asked());
    }
  }

  @Test
  void watcherHearsWhoComesAndWhyItLeaves() throws Exception {
    try (var disk = new TestDisk(export)) {
      var told = new Told(disk);
      new TestGuest(disk.socket, 128, MIB).start(0).close();
      assertEquals("1 came", told.next());
      assertEquals("1 left: it closed the connection", told.next());

      try (var guest = new TestGuest(disk.socket, 128, MIB).start(0)) {
        guest.send(99, new byte[0]);
        guest.awaitEnd();
      }
      assertEquals("2 came", told.next());
      assertEquals(
          "2 left: it broke the protocol: a message 99, which was not negotiated", told.next());
    }
  }

  @Test
  void frontEndThatGoesBeforeItHasReadAReplyHasClosedItsConnection() throws Exception {
    try (var disk = new TestDisk(export)) {
      var told = new Told(disk);
      try (var guest = new TestGuest(disk.socket, 128, MIB)) {
        guest.send(1, new byte[0]);
        guest.receive(new byte[1]); // the rest of the reply is there and stays unread
      }

      assertEquals("1 came", told.next());
      assertEquals("1 left: it closed the connection", told.next());
    }
  }

  @Test
  void watcherHearsWhetherTheDiskGoesOrTheServer() throws Exception {
    for (boolean server : List.of(false, true)) {
      try (var disk = new TestDisk(export);
          var guest = new TestGuest(disk.socket, 128, MIB).start(0)) {
        guest.write(0, new byte[512]);
        var told = new Told(disk);

        await(server ? disk.server.close() : disk.server.remove(disk.socket));

        String why = server ? "the server stops" : "its disk is not served any more";
        assertEquals("1 left: " + why, told.next());
      }
    }
  }

  @Test
  void frontEndThatIsRefusedIsNoClient() throws Exception {
    try (var disk = new TestDisk(export);
        var guest = new TestGuest(disk.socket, 128, MIB).start(0);
        var second = new TestGuest(disk.socket, 128, MIB)) {
      second.awaitEnd();

      assertEquals(BlockRequests.OK, guest.write(3, new byte[512]));
      assertEquals(1, only(disk).number());
      assertEquals(1, disk.server.stats().totals().accepted());
    }
  }

  @Test
  void serverCountsItsFrontEndsTheirRequestsAndWhatTheySignalled() throws Exception {
    try (var disk = new TestDisk(export)) {
      try (var guest = new TestGuest(disk.socket, 128, MIB).start(0)) {
        guest.write(0, new byte[8192]);
        guest.read(8, 4096);
        device.cold(true);
        guest.read(8, 4096);

        VhostStats stats = disk.server.stats();

        assertEquals(1, stats.totals().connections());
        assertEquals(3, stats.totals().requests());
        assertEquals(1, stats.totals().handedOver());
        assertEquals(2 * 4096, stats.totals().bytesRead());
        assertEquals(8192, stats.totals().bytesWritten());
        assertTrue(stats.totals().turns().count() > 0);
        assertTrue(stats.totals().longestStallNanos() > 0);
        assertEquals(3, stats.kicks());
        assertTrue(stats.calls() >= 3, stats::toString);
      }
      await(disk.server.remove(disk.socket));

      assertEquals(0, disk.server.stats().totals().connections());
      assertEquals(1, disk.server.stats().totals().accepted());
      assertEquals(List.of(), disk.clients.views());
    }
  }

  private static ClientView only(TestDisk disk) {
    List<ClientView> all = disk.clients.views();
    assertEquals(1, all.size(), all::toString);
    return all.getFirst();
  }

  private static long offerFlush(TestGuest guest) {
    long status = guest.put(new byte[] {(byte) 0xff});
    long header = guest.put(guest.header(TestGuest.FLUSH, 0));
    guest.offer(guest.chain(new Buffer(header, 16, false), new Buffer(status, 1, true)));
    guest.publish();
    return status;
  }

  private static void await(Future<Void> future) {
    future.toCompletionStage().toCompletableFuture().join();
  }

  /** What a watcher hears of the clients of a disk. */
  private static final class Told implements ClientWatcher {
    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

    Told(TestDisk disk) {
      disk.clients.watch(this);
    }

    @Override
    public void connected(ClientView client) {
      events.add(client.number() + " came");
    }

    @Override
    public void disconnected(ClientView client, String why) {
      events.add(client.number() + " left: " + why);
    }

    String next() throws InterruptedException {
      return events.take();
    }
  }
}
