package dev.varve.io.nbd;

import static dev.varve.io.nbd.NbdClient.header;
import static dev.varve.io.nbd.TestServer.CAPACITY;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.DeviceClosedException;
import dev.varve.core.device.DeviceRequest;
import dev.varve.core.device.DiskFailures;
import dev.varve.core.device.Export;
import dev.varve.core.device.OutOfSpaceException;
import dev.varve.io.loop.DiskLoops;
import dev.varve.io.loop.ServerTotals;
import dev.varve.io.testing.MemoryDevice;
import io.vertx.core.Future;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** The transmission phase over real sockets. */
@Timeout(value = 300, threadMode = ThreadMode.SEPARATE_THREAD)
class NbdServerTest {

  private static final int MIB = 1 << 20;

  // ---- Reading and writing

  @Test
  void writtenBytesAreReadBackOnEverySocketAndTransport() throws Exception {
    try (var epoll = TestServer.start();
        var nio = TestServer.startOnNio()) {
      for (TestServer server : List.of(epoll, nio)) {
        byte[] data = random(5000);
        try (var unix = server.client();
            var tcp = NbdClient.connect(server.tcp).greet().go("disk")) {
          unix.write(0, 1, 12_345, data);
          assertEquals(new NbdClient.SimpleReply(0, 1), unix.simpleReply());

          assertArrayEquals(data, tcp.read(12_345, 5000));
        }
      }
    }
  }

  @Test
  void requestsOfEverySizeAgreeWithAByteArrayHotAndCold() throws Exception {
    long seed = new Random().nextLong();
    var random = new Random(seed);
    try (var server = TestServer.start();
        var client = server.client()) {
      byte[] model = new byte[8 * MIB];
      int[] sizes = {1, 511, 4096, 32 << 10, (32 << 10) + 1, 65_536, 300_000, MIB, 3 * MIB + 17};
      for (int i = 0; i < 120; i++) {
        switch (random.nextInt(4)) {
          case 0 -> server.device.cold(true);
          case 1 -> server.device.asleep();
          default -> server.device.cold(false);
        }
        int length = sizes[random.nextInt(sizes.length)];
        int offset = random.nextInt(model.length - length);
        if (random.nextBoolean()) {
          byte[] data = new byte[length];
          random.nextBytes(data);
          System.arraycopy(data, 0, model, offset, length);
          client.write(random.nextInt(4) == 0 ? Wire.CMD_FLAG_FUA : 0, i, offset, data);
          assertEquals(new NbdClient.SimpleReply(0, i), client.simpleReply());
        } else {
          byte[] expected = Arrays.copyOfRange(model, offset, offset + length);
          assertArrayEquals(expected, client.read(offset, length), () -> "seed " + seed);
        }
      }
    }
  }

  @Test
  void manyRequestsInOnePacketAreAllAnswered() throws Exception {
    try (var server = TestServer.start();
        var client = server.client()) {
      var batch = NbdClient.bytes(2000 * 28);
      for (int i = 0; i < 2000; i++) batch.put(header(0, 0, i, i * 4096L, 4096));

      client.send(batch);

      for (int i = 0; i < 2000; i++) {
        assertEquals(new NbdClient.SimpleReply(0, i), client.simpleReply());
        client.receive(4096);
      }
    }
  }

  @Test
  void clientsOfAFileSystemThatHangsKeepNoOtherWaiting() throws Exception {
    var host = new CountDownLatch(1);
    List<NbdClient> behind = new ArrayList<>();
    var healthy = new MemoryDevice(MIB);
    try (var server = TestServer.start()) {
      server.device.hang(7, host);
      server.server.publish(new Export("healthy", "in memory", healthy, false, true, false));
      // More than there are loops for it: some share one, and one is on each.
      for (int i = 0; i < DiskLoops.MOST + 4; i++) {
        NbdClient client = server.client();
        client.write(0, i, 4096L * i, random(4096));
        behind.add(client);
      }

      for (int i = 0; i < 2 * DiskLoops.MOST; i++)
        try (var client = server.connect().greet().go("healthy")) {
          byte[] data = random(4096);
          client.write(0, 1, 0, data);
          assertEquals(new NbdClient.SimpleReply(0, 1), client.simpleReply());
          assertArrayEquals(data, client.read(0, 4096));
        }

      host.countDown();
      for (int i = 0; i < behind.size(); i++)
        assertEquals(new NbdClient.SimpleReply(0, i), behind.get(i).simpleReply());
    } finally {
      host.countDown();
      for (NbdClient client : behind) client.close();
      healthy.close();
    }
  }

  @Test
  void requestsThatArriveByteByByteAreUnderstood() throws Exception {
    try (var server = TestServer.start();
        var client = NbdClient.connect(server.tcp).greet().go("disk")) {
      byte[] request = header(0, 1, 5, 100, 3);
      for (byte b : request) client.send(new byte[] {b});
      for (byte b : new byte[] {7, 8, 9}) client.send(new byte[] {b});

      assertEquals(new NbdClient.SimpleReply(0, 5), client.simpleReply());
      assertArrayEquals(new byte[] {7, 8, 9}, client.read(100, 3));
    }
  }

  @Test
  void largestPayloadsGoThroughInBothDirections() throws Exception {
    try (var server = TestServer.start();
        var client = server.client()) {
      byte[] data = random(32 * MIB);
      client.write(Wire.CMD_FLAG_FUA, 1, 4096, data);
      assertEquals(0, client.simpleReply().error());

      assertArrayEquals(data, client.read(4096, data.length));
      server.device.asleep();
      assertArrayEquals(data, client.read(4096, data.length));
      server.device.cold(true);
      assertArrayEquals(data, client.read(4096, data.length));
    }
  }

  @Test
  void emptyRequestsAreAnswered() throws Exception {
    try (var server = TestServer.start();
        var client = server.client();
        var structured = server.structuredClient()) {
      assertEquals(0, client.read(0, 0).length);
      client.write(0, 9, 0, new byte[0]);
      assertEquals(new NbdClient.SimpleReply(0, 9), client.simpleReply());
      structured.request(0, NbdCommand.READ, 3, CAPACITY, 0);
      NbdClient.Chunk chunk = structured.chunk();
      assertTrue(chunk.done());
      assertEquals(Wire.REPLY_NONE, chunk.type());
    }
  }

  // ---- Structured replies

  @Test
  void zeroRunsOfAStructuredReadAreHoles() throws Exception {
    try (var server = TestServer.start();
        var client = server.structuredClient()) {
      client.write(0, 1, 4096, filled(4096, 'd'));
      client.simpleReply();

      client.request(0, NbdCommand.READ, 2, 0, 3 * 4096);

      NbdClient.Chunk hole = client.chunk();
      assertEquals(Wire.REPLY_OFFSET_HOLE, hole.type());
      assertEquals(0, hole.payload().getLong(0));
      assertEquals(4096, hole.payload().getInt(8));
      NbdClient.Chunk data = client.chunk();
      assertEquals(Wire.REPLY_OFFSET_DATA, data.type());
      assertEquals(4096, data.payload().getLong(0));
      assertArrayEquals(filled(4096, 'd'), data.tail(8));
      NbdClient.Chunk last = client.chunk();
      assertEquals(Wire.REPLY_OFFSET_HOLE, last.type());
      assertTrue(last.done());
      assertFalse(hole.done() || data.done());
    }
  }

  @Test
  void largeStructuredReadsAreCutIntoDataAndHolesToo() throws Exception {
    try (var server = TestServer.start();
        var client = server.structuredClient()) {
      client.write(0, 1, MIB, filled(MIB, 'd'));
      client.simpleReply();

      client.request(0, NbdCommand.READ, 2, 0, 3 * MIB);

      NbdClient.Chunk hole = client.chunk();
      assertEquals(MIB, hole.payload().getInt(8));
      NbdClient.Chunk data = client.chunk();
      assertEquals(MIB, data.payload().getLong(0));
      assertArrayEquals(filled(MIB, 'd'), data.tail(8));
      NbdClient.Chunk last = client.chunk();
      assertEquals(2 * MIB, last.payload().getLong(0));
      assertTrue(last.done());
    }
  }

  @Test
  void unfragmentedReadsComeInOneChunkWithTheirZeroes() throws Exception {
    try (var server = TestServer.start();
        var client = server.structuredClient()) {
      client.write(0, 1, 4096, filled(4096, 'd'));
      client.simpleReply();
      for (int length : new int[] {12_288, MIB}) {
        client.request(Wire.CMD_FLAG_DF, NbdCommand.READ, 2, 0, length);

        NbdClient.Chunk chunk = client.chunk();

        byte[] expected = new byte[length];
        Arrays.fill(expected, 4096, 8192, (byte) 'd');
        assertTrue(chunk.done());
        assertArrayEquals(expected, chunk.tail(8));
      }
    }
  }

  @Test
  void readOfManySmallRunsStaysWithinItsReply() throws Exception {
    try (var server = TestServer.start();
        var client = server.structuredClient()) {
      byte[] expected = new byte[4 * MIB];
      for (int page = 0; page < expected.length / 4096; page += 2) {
        Arrays.fill(expected, page * 4096, (page + 1) * 4096, (byte) 'p');
        client.write(0, 1, page * 4096L, filled(4096, 'p'));
        client.simpleReply();
      }
      for (int length :
          new int[] {32 << 10, MIB, 4 * MIB}) { // the last has more runs than are kept
        client.request(0, NbdCommand.READ, 2, 0, length);
        assertArrayEquals(Arrays.copyOf(expected, length), reassemble(client, length));
      }
    }
  }

  @Test
  void errorChunkCarriesCodeAndMessage() throws Exception {
    try (var server = TestServer.start();
        var client = server.structuredClient()) {
      client.request(0, NbdCommand.READ, 2, CAPACITY - 10, 11);

      NbdClient.Chunk chunk = client.chunk();

      assertTrue(chunk.done());
      assertEquals(Wire.REPLY_ERROR, chunk.type());
      assertEquals(NbdError.EINVAL.code(), chunk.error());
      assertEquals(
          "read of 11 bytes at 67108854 goes beyond the disk's 67108864 bytes", chunk.message());
    }
  }

  // ---- Block status

  @Test
  void blockStatusReportsBothContexts() throws Exception {
    try (var server = TestServer.start();
        var client = server.structuredClient()) {
      client.write(0, 1, MIB, filled(8192, 'd'));
      client.simpleReply();

      client.request(0, NbdCommand.BLOCK_STATUS, 2, 0, 2 * MIB);

      NbdClient.Chunk allocation = client.chunk();
      assertEquals(Wire.REPLY_BLOCK_STATUS, allocation.type());
      assertEquals(
          List.of(NegotiatedOptions.ALLOCATION, MIB, 3, 8192, 0, MIB - 8192, 3),
          numbers(allocation));
      assertFalse(allocation.done());
      NbdClient.Chunk depth = client.chunk();
      assertEquals(
          List.of(NegotiatedOptions.DEPTH, MIB, 0, 8192, 1, MIB - 8192, 0), numbers(depth));
      assertTrue(depth.done());
    }
  }

  @Test
  void requestForOneExtentGetsOneAndNotMoreThanItAskedFor() throws Exception {
    try (var server = TestServer.start();
        var client = server.structuredClient()) {
      client.request(Wire.CMD_FLAG_REQ_ONE, NbdCommand.BLOCK_STATUS, 2, 100, 5000);

      assertEquals(List.of(NegotiatedOptions.ALLOCATION, 5000, 3), numbers(client.chunk()));
      assertEquals(List.of(NegotiatedOptions.DEPTH, 5000, 0), numbers(client.chunk()));
    }
  }

  @Test
  void replyToBlockStatusIsBoundedHoweverScatteredTheDiskIs() throws Exception {
    var device = new MemoryDevice(128L << 20);
    try (var server = TestServer.start(device);
        var client = server.structuredClient()) {
      var page = java.lang.foreign.Arena.ofAuto().allocate(4096).fill((byte) 1);
      for (long at = 0; at < device.capacity(); at += 8192) device.tryWrite(at, page);

      client.request(0, NbdCommand.BLOCK_STATUS, 2, 0, device.capacity());

      assertEquals(4 + 8 * 8192, client.chunk().payload().remaining());
      assertEquals(4 + 8 * 8192, client.chunk().payload().remaining());
    }
  }

  @Test
  void blockStatusWithoutAContextIsInvalid() throws Exception {
    try (var server = TestServer.start();
        var client = server.client()) {
      assertEquals(NbdError.EINVAL.code(), client.ask(0, NbdCommand.BLOCK_STATUS, 0, 4096));
    }
  }

  // ---- The other commands

  @Test
  void trimmedAndZeroedRangesReadAsZeroes() throws Exception {
    try (var server = TestServer.start();
        var client = server.client()) {
      client.write(0, 1, 0, filled(16_384, 'x'));
      client.simpleReply();

      assertEquals(0, client.ask(Wire.CMD_FLAG_FUA, NbdCommand.TRIM, 0, 4096));
      assertEquals(0, client.ask(0, NbdCommand.WRITE_ZEROES, 4096, 4096));
      assertEquals(0, client.ask(Wire.CMD_FLAG_NO_HOLE, NbdCommand.WRITE_ZEROES, 8192, 4000));

      byte[] expected = new byte[16_384];
      Arrays.fill(expected, 12_192, 16_384, (byte) 'x');
      assertArrayEquals(expected, client.read(0, 16_384));
    }
  }

  @Test
  void zeroesThatAreLargerThanAnyPayloadAreWritten() throws Exception {
    try (var server = TestServer.start();
        var client = server.client()) {
      assertEquals(0, client.ask(0, NbdCommand.WRITE_ZEROES, 0, CAPACITY));
      assertEquals(0, client.ask(0, NbdCommand.TRIM, 0, CAPACITY));
    }
  }

  @Test
  void fastZeroSucceedsForWholeBlocksAndSaysElseThatItIsNotFast() throws Exception {
    try (var server = TestServer.start();
        var client = server.client()) {
      int fast = Wire.CMD_FLAG_FAST_ZERO;
      assertEquals(0, client.ask(fast, NbdCommand.WRITE_ZEROES, 0, 8192));
      assertEquals(NbdError.ENOTSUP.code(), client.ask(fast, NbdCommand.WRITE_ZEROES, 1, 8192));
      assertEquals(
          NbdError.ENOTSUP.code(),
          client.ask(fast | Wire.CMD_FLAG_NO_HOLE, NbdCommand.WRITE_ZEROES, 0, 8192));
    }
  }

  @Test
  void flushAndCacheSucceed() throws Exception {
    try (var server = TestServer.start();
        var client = server.client()) {
      assertEquals(0, client.ask(0, NbdCommand.FLUSH, 0, 0));
      assertEquals(0, client.ask(Wire.CMD_FLAG_FUA, NbdCommand.FLUSH, 0, 0));
      assertEquals(0, client.ask(0, NbdCommand.CACHE, 0, CAPACITY));
    }
  }

  @Test
  void disconnectWaitsForWhatIsInFlight() throws Exception {
    var storage = new HeldStorage();
    try (var server = TestServer.start(new MemoryDevice(CAPACITY, false, storage));
        var client = server.client()) {
      client.request(0, NbdCommand.FLUSH, 1, 0, 0);
      client.request(0, NbdCommand.DISCONNECT, 2, 0, 0);
      storage.runNext();

      assertEquals(new NbdClient.SimpleReply(0, 1), client.simpleReply());
      assertTrue(client.isDisconnected());
    }
  }

  // ---- Refusals

  @Test
  void requestsBeyondTheDiskAreInvalidOrOutOfSpace() throws Exception {
    try (var server = TestServer.start();
        var client = server.client()) {
      int invalid = NbdError.EINVAL.code();
      int noSpace = NbdError.ENOSPC.code();
      assertEquals(invalid, client.ask(0, NbdCommand.READ, CAPACITY, 1));
      assertEquals(invalid, client.ask(0, NbdCommand.READ, -1, 4096));
      assertEquals(invalid, client.ask(0, NbdCommand.READ, Long.MIN_VALUE, 4096));
      assertEquals(invalid, client.ask(0, NbdCommand.TRIM, CAPACITY - 1, 2));
      assertEquals(invalid, client.ask(0, NbdCommand.CACHE, 0, CAPACITY + 1));
      assertEquals(noSpace, client.ask(0, NbdCommand.WRITE_ZEROES, 1, CAPACITY));
      client.write(0, 5, CAPACITY - 1, new byte[2]);
      assertEquals(new NbdClient.SimpleReply(noSpace, 5), client.simpleReply());

      assertEquals(1, client.read(CAPACITY - 1, 1).length);
    }
  }

  @Test
  void readOnlyExportRefusesEverythingThatModifies() throws Exception {
    try (var server = TestServer.start()) {
      server.server.publish(new Export("frozen", "", server.device, true, true, false));
      try (var client = server.connect().greet().go("frozen")) {
        int refused = NbdError.EPERM.code();
        client.write(0, 1, 0, filled(100_000, 'w'));
        assertEquals(new NbdClient.SimpleReply(refused, 1), client.simpleReply());
        assertEquals(refused, client.ask(0, NbdCommand.TRIM, 0, 4096));
        assertEquals(refused, client.ask(0, NbdCommand.WRITE_ZEROES, 0, 4096));
        assertEquals(0, client.ask(0, NbdCommand.FLUSH, 0, 0));

        assertArrayEquals(new byte[100_000], client.read(0, 100_000));
      }
    }
  }

  @Test
  void trimIsRefusedWhereDiscardIsOff() throws Exception {
    try (var server = TestServer.start()) {
      server.server.publish(new Export("kept", "", server.device, false, false, false));
      try (var client = server.connect().greet().go("kept")) {
        assertEquals(NbdError.EINVAL.code(), client.ask(0, NbdCommand.TRIM, 0, 4096));
      }
    }
  }

  @Test
  void unknownCommandsAndFlagsAreInvalidAndTheSessionGoesOn() throws Exception {
    try (var server = TestServer.start();
        var client = server.client()) {
      int invalid = NbdError.EINVAL.code();
      for (int command : new int[] {8, 9, 0xffff}) {
        client.send(header(0, command, 3, 0, 0));
        assertEquals(new NbdClient.SimpleReply(invalid, 3), client.simpleReply());
      }
      assertEquals(invalid, client.ask(1 << 15, NbdCommand.READ, 0, 512));
      assertEquals(invalid, client.ask(Wire.CMD_FLAG_DF, NbdCommand.READ, 0, 512));
      assertEquals(invalid, client.ask(Wire.CMD_FLAG_NO_HOLE, NbdCommand.TRIM, 0, 512));
      assertEquals(invalid, client.ask(0, NbdCommand.FLUSH, 1, 0));

      assertEquals(512, client.read(0, 512).length);
    }
  }

  @Test
  void oversizedRequestsAreRefusedAndTheirPayloadIsPassedOver() throws Exception {
    try (var server = TestServer.start();
        var client = server.client()) {
      int tooLong = 32 * MIB + 1;
      assertEquals(NbdError.EINVAL.code(), client.ask(0, NbdCommand.READ, 0, tooLong));
      client.write(0, 4, 0, new byte[tooLong]);
      assertEquals(new NbdClient.SimpleReply(NbdError.EINVAL.code(), 4), client.simpleReply());

      assertEquals(512, client.read(0, 512).length);
    }
  }

  @Test
  void wrongMagicEndsTheSession() throws Exception {
    try (var server = TestServer.start();
        var client = server.client()) {
      client.send(new byte[28]);

      assertTrue(client.isDisconnected());
    }
  }

  // ---- Failures of the device

  @Test
  void failedReadsAnswerTheCauseAndNothingElse() throws Exception {
    try (var server = TestServer.start();
        var simple = server.client();
        var structured = server.structuredClient()) {
      server.device.breakAt(50_000, new IOException("page 12 cannot be read"));
      for (boolean cold : new boolean[] {false, true}) {
        server.device.cold(cold);
        for (int length : new int[] {16_384, 600_000}) {
          assertEquals(NbdError.EIO.code(), simple.ask(0, NbdCommand.READ, 40_000, length));
          structured.request(0, NbdCommand.READ, 6, 40_000, length);
          NbdClient.Chunk chunk = structured.chunk();
          assertEquals(NbdError.EIO.code(), chunk.error());
          assertEquals("page 12 cannot be read", chunk.message());
          assertTrue(chunk.done());
        }
      }
      assertEquals(512, simple.read(0, 512).length);
    }
  }

  @Test
  void failedWritesAnswerTheCauseAndTakeTheRestOfThePayload() throws Exception {
    try (var server = TestServer.start();
        var client = server.client()) {
      server.device.breakAt(50_000, new OutOfSpaceException("the file system is full"));
      for (boolean cold : new boolean[] {false, true}) {
        server.device.cold(cold);
        for (int length : new int[] {16_384, 3 * MIB}) {
          client.write(0, 8, 40_000, new byte[length]);
          assertEquals(new NbdClient.SimpleReply(NbdError.ENOSPC.code(), 8), client.simpleReply());
        }
      }
      server.device.breakAt(50_000, new DeviceClosedException("closed"));
      client.write(0, 8, 40_000, new byte[16_384]);
      assertEquals(NbdError.ESHUTDOWN.code(), client.simpleReply().error());
    }
  }

  // ---- Many connections

  @Test
  void writesOnOneConnectionAreSeenOnEveryOther() throws Exception {
    try (var server = TestServer.start()) {
      var clients = new ArrayList<NbdClient>();
      for (int i = 0; i < 8; i++) clients.add(server.client());
      for (int i = 0; i < 8; i++) {
        clients.get(i).write(0, i, i * 4096L, filled(4096, 'a' + i));
        clients.get(i).simpleReply();
      }

      for (NbdClient client : clients) {
        for (int i = 0; i < 8; i++) {
          assertArrayEquals(filled(4096, 'a' + i), client.read(i * 4096L, 4096));
        }
        client.close();
      }
    }
  }

  // ---- Publishing, withdrawing, closing

  @Test
  void exportNameIsTakenOnce() throws Exception {
    try (var server = TestServer.start()) {
      var again = new Export("disk", "", server.device, false, false, false);

      assertThrows(IllegalArgumentException.class, () -> server.server.publish(again));
    }
  }

  @Test
  void withdrawingAnswersWhatIsInFlightAndEndsOnlyItsOwnClients() throws Exception {
    var storage = new HeldStorage();
    try (var server = TestServer.start(new MemoryDevice(CAPACITY, false, storage))) {
      var other = new MemoryDevice(MIB);
      server.server.publish(new Export("other", "", other, false, true, false));
      try (var leaving = server.client();
          var staying = server.connect().greet().go("other")) {
        leaving.request(0, NbdCommand.FLUSH, 1, 0, 0);
        storage.awaitOne();

        Future<Void> unused = server.server.withdraw("disk");
        assertFalse(unused.isComplete());
        storage.runNext();

        assertEquals(new NbdClient.SimpleReply(0, 1), leaving.simpleReply());
        assertTrue(leaving.isDisconnected());
        unused.await();
        assertEquals(512, staying.read(0, 512).length);
        assertThrows(IOException.class, server::client);
      }
      other.close();
    }
  }

  @Test
  void closingAnswersWhatIsInFlightAndRemovesTheSocket() throws Exception {
    var storage = new HeldStorage();
    var server = TestServer.start(new MemoryDevice(CAPACITY, false, storage));
    try (var busy = server.client();
        var idle = server.client();
        var silent = server.connect()) {
      silent.receive(18);
      busy.request(0, NbdCommand.FLUSH, 1, 0, 0);
      storage.awaitOne();

      Future<Void> closed = server.server.close();
      assertTrue(idle.isDisconnected());
      assertTrue(silent.isDisconnected());
      assertFalse(closed.isComplete());
      storage.runNext();

      assertEquals(new NbdClient.SimpleReply(0, 1), busy.simpleReply());
      assertTrue(busy.isDisconnected());
      closed.await();
      assertFalse(Files.exists(server.socket));
      assertEquals(closed, server.server.close());
    } finally {
      server.close();
    }
  }

  @Test
  void closingUnderLoadNeverCutsAReply() throws Exception {
    for (int length : new int[] {4096, MIB, -MIB}) {
      var server = TestServer.start();
      boolean tcp = length < 0;
      length = Math.abs(length);
      try (var client = tcp ? NbdClient.connect(server.tcp).greet().go("disk") : server.client()) {
        var requests = NbdClient.bytes(12_000 * 28);
        for (int i = 0; i < 12_000; i++) requests.put(header(0, 0, i, 0, length));
        // Beside the reading: a server with many replies on their way does not read either.
        Thread sender = Thread.startVirtualThread(() -> sendUntilCut(client, requests));
        assertEquals(new NbdClient.SimpleReply(0, 0), client.simpleReply());
        client.receive(length);

        Future<Void> closed = server.server.close();

        int replies = 1;
        for (var header = NbdClient.bytes(1); client.socket().read(header) > 0; header.clear()) {
          client.receive(15 + length);
          replies++;
        }
        assertTrue(replies < 12_000, replies + " replies");
        closed.await();
        sender.join();
      } finally {
        server.close();
      }
    }
  }

  private static void sendUntilCut(NbdClient client, ByteBuffer requests) {
    try {
      client.send(requests);
    } catch (IOException _) {
      // the server has gone, as it should
    }
  }

  @Test
  void serverThatNeverListenedClosesToo() {
    var vertx = io.vertx.core.Vertx.vertx();

    new NbdServer(vertx, ReplyStyle.STRUCTURED).close().await();

    vertx.close().await();
  }

  @Test
  void socketThatSomebodyListensOnIsNotTakenAndAStaleOneIs() throws Exception {
    try (var first = TestServer.start();
        var second = TestServer.start()) {
      var taken =
          assertThrows(IOException.class, () -> second.server.listenUnix(first.socket).await());
      assertTrue(taken.getMessage().contains("another server listens"), taken.getMessage());

      var stale = first.socket.resolveSibling("stale");
      try (var dead = java.nio.channels.SocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
        dead.bind(java.net.UnixDomainSocketAddress.of(stale));
      }
      first.server.listenUnix(stale).await();
      try (var client = NbdClient.connect(stale).greet().go("disk")) {
        assertEquals(512, client.read(0, 512).length);
      }

      assertThrows(
          IOException.class,
          () -> second.server.listenTcp("127.0.0.1", first.tcp.getPort(), null).await());
    }
  }

  @Test
  void statsCountWhatHappened() throws Exception {
    try (var server = TestServer.start();
        var client = server.client()) {
      client.write(0, 1, 0, new byte[8192]);
      client.simpleReply();
      client.read(0, 4096);
      client.ask(0, NbdCommand.FLUSH, 0, 0);

      ServerTotals stats = server.server.stats().totals();

      assertEquals(1, stats.connections());
      assertEquals(3, stats.requests());
      assertEquals(1, stats.handedOver());
      assertEquals(4096, stats.bytesRead());
      assertEquals(8192, stats.bytesWritten());
      assertTrue(stats.longestStallNanos() > 0);
    }
  }

  @Test
  void whatFailedCountsAsFailedAndNeitherAsReadNorAsWritten() throws Exception {
    try (var server = TestServer.start();
        var client = server.client()) {
      for (boolean cold : new boolean[] {false, true}) {
        server.device.cold(cold);
        server.device.breakAt(50_000, new OutOfSpaceException("the file system is full"));
        for (int length : new int[] {16_384, 3 * MIB}) {
          client.write(0, 8, 40_000, new byte[length]);
          client.simpleReply();
        }
        server.device.breakAt(50_000, new IOException("the medium fails"));
        for (int length : new int[] {16_384, 600_000})
          client.ask(0, NbdCommand.READ, 40_000, length);
      }

      ServerTotals stats = server.server.stats().totals();

      assertEquals(8, stats.requests());
      assertEquals(0, stats.bytesRead());
      assertEquals(0, stats.bytesWritten());
      assertEquals(
          List.of(
              new DiskFailures.Count(DeviceRequest.Op.READ, DiskFailures.Kind.IO, 4),
              new DiskFailures.Count(DeviceRequest.Op.WRITE, DiskFailures.Kind.NO_SPACE, 4)),
          server.failures.counts());
    }
  }

  @Test
  void aClientTooManyHearsWhyAndComesInWhenAnotherHasGone() throws Exception {
    var limits = NbdLimits.DEFAULT.clients(2, Duration.ZERO);
    try (var server = TestServer.start(new MemoryDevice(MIB), limits);
        var first = server.client();
        var second = server.client()) {
      try (var third = server.connect().greet().structured()) {
        var replies = third.option(Wire.OPT_GO, NbdClient.infoData("disk"));
        assertEquals(Wire.REP_ERR_POLICY, replies.getLast().type());
        assertTrue(replies.getLast().text().contains("as many clients as it can take"));
        assertTrue(third.isDisconnected());
      }
      assertEquals(512, first.read(0, 512).length);
      assertEquals(1, server.server.stats().refused());

      second.request(0, NbdCommand.DISCONNECT, 1, 0, 0);
      assertTrue(second.isDisconnected());
      while (server.server.stats().totals().connections() > 1) Thread.onSpinWait();

      try (var next = server.client()) {
        assertEquals(512, next.read(0, 512).length);
      }
    }
  }

  @Test
  void clientsThatChooseNoDiskMakeRoomForOneThatDoes() throws Exception {
    var limits = NbdLimits.DEFAULT.clients(4, Duration.ZERO);
    try (var server = TestServer.start(new MemoryDevice(MIB), limits);
        var served = server.client()) {
      List<NbdClient> idle = new ArrayList<>();
      for (int i = 0; i < 100; i++) idle.add(server.connect());

      NbdClient comes = null;
      while (comes == null) { // soon: they may stay for a second
        try {
          comes = server.client();
        } catch (IOException | AssertionError _) {
          Thread.onSpinWait();
        }
      }

      assertEquals(512, comes.read(0, 512).length);
      assertEquals(512, served.read(0, 512).length);
      comes.close();
      for (NbdClient other : idle) other.close();
    }
  }

  @Test
  void ofManyClientsTooManyMostAreClosedAtOnceAndThoseWithinGoOn() throws Exception {
    var limits = NbdLimits.DEFAULT.clients(1, Duration.ZERO);
    try (var server = TestServer.start(new MemoryDevice(MIB), limits);
        var first = server.client()) {
      List<NbdClient> others = new ArrayList<>();
      for (int i = 0; i < 200; i++) others.add(server.connect());
      int told = 0;
      for (NbdClient other : others) if (!other.isDisconnected()) told++;

      assertTrue(told >= 8 && told < others.size(), told + " were told");
      assertEquals(512, first.read(0, 512).length);
      for (NbdClient other : others) other.close();
    }
  }

  @Test
  void aRequestThatIsHandedOverCountsOnceHoweverManyPartsItHas() throws Exception {
    try (var server = TestServer.start();
        var client = server.client()) {
      client.read(0, 4096);
      client.read(0, 3 * MIB);
      assertEquals(0, server.server.stats().totals().handedOver());

      server.device.cold(true);
      client.read(0, 3 * MIB);
      client.write(Wire.CMD_FLAG_FUA, 1, 0, new byte[3 * MIB]);
      assertEquals(0, client.simpleReply().error());
      client.flush();

      assertEquals(3, server.server.stats().totals().handedOver());
      assertEquals(5, server.server.stats().totals().requests());
    }
  }

  // ---- Fixtures

  /** Carries out a request when it is told to, so that a test knows what is in flight. */
  private static final class HeldStorage implements Executor {
    private final ConcurrentLinkedQueue<Runnable> held = new ConcurrentLinkedQueue<>();

    @Override
    public void execute(Runnable command) {
      held.add(command);
    }

    void awaitOne() {
      while (held.isEmpty()) Thread.onSpinWait();
    }

    void runNext() {
      awaitOne();
      held.remove().run();
    }
  }

  private static byte[] reassemble(NbdClient client, int length) throws IOException {
    byte[] data = new byte[length];
    for (boolean done = false; !done; ) {
      NbdClient.Chunk chunk = client.chunk();
      done = chunk.done();
      int at = (int) chunk.payload().getLong(0);
      if (chunk.type() == Wire.REPLY_OFFSET_DATA) {
        byte[] bytes = chunk.tail(8);
        System.arraycopy(bytes, 0, data, at, bytes.length);
      } else if (chunk.type() != Wire.REPLY_OFFSET_HOLE) {
        throw new EOFException("chunk of type " + chunk.type());
      }
    }
    return data;
  }

  private static List<Integer> numbers(NbdClient.Chunk chunk) {
    var numbers = new ArrayList<Integer>();
    while (chunk.payload().hasRemaining()) numbers.add(chunk.payload().getInt());
    return numbers;
  }

  private static byte[] filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }
}
