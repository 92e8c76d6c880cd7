package dev.varve.io.nbd;

import static dev.varve.io.nbd.NbdClient.header;
import static dev.varve.io.nbd.TestServer.CAPACITY;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.io.testing.MemoryDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** Clients that break the protocol, or the patience of the server: others do not notice. */
@Timeout(value = 300, threadMode = ThreadMode.SEPARATE_THREAD)
class HostileClientTest {

  private static final int MIB = 1 << 20;
  static final NbdLimits IMPATIENT =
      TestLimits.times(Duration.ofMillis(300), Duration.ofMillis(300));

  @Test
  void deadlineHoldsAlsoForAClientThatTalksAndNeverChooses() throws Exception {
    try (var server = TestServer.start(new MemoryDevice(MIB), IMPATIENT);
        var client = server.connect().greet()) {
      try {
        client.sendOption(Wire.OPT_LIST);
        while (client.optionReply().type() != Wire.REP_ACK) {}
        client.send(new byte[] {'I', 'H', 'A'});
      } catch (IOException _) {
        // On a busy machine the deadline comes while it talks.
      }

      assertTrue(client.isDisconnected());
    }
  }

  @Test
  void clientThatHasChosenMayBeIdleForever() throws Exception {
    try (var server = TestServer.start(new MemoryDevice(MIB), IMPATIENT);
        var idle = clientThatChoosesInTime(server);
        var leaving = server.connect()) {
      leaving.receive(18);
      assertTrue(leaving.isDisconnected()); // the deadline that was set later has passed

      assertEquals(512, idle.read(0, 512).length);
    }
  }

  /**
   * On a busy machine a client can be too slow for so short a deadline: the next one may not be.
   */
  private static NbdClient clientThatChoosesInTime(TestServer server) {
    while (true) {
      try {
        return server.client();
      } catch (IOException | RuntimeException _) {
        // The deadline came first.
      }
    }
  }

  @Test
  void garbageInsteadOfAHandshakeIsCutOff() throws Exception {
    try (var server = TestServer.start()) {
      byte[] garbage = new byte[100_000];
      new Random(7).nextBytes(garbage);
      try (var client = server.connect()) {
        client.receive(18);
        sendUntilCut(client, garbage);
      }
      assertServes(server);
    }
  }

  @Test
  void hugeOptionLengthIsRefusedAtOnce() throws Exception {
    try (var server = TestServer.start();
        var client = server.connect().greet()) {
      client.send(NbdClient.bytes(16).putLong(Wire.OPTION_MAGIC).putInt(Wire.OPT_GO).putInt(-1));

      assertEquals(Wire.REP_ERR_TOO_BIG, client.optionReply().type());
      assertTrue(client.isDisconnected());
    }
  }

  @Test
  void garbageInsteadOfRequestsIsCutOff() throws Exception {
    try (var server = TestServer.start();
        var client = server.client()) {
      byte[] garbage = new byte[1000];
      new Random(8).nextBytes(garbage);
      sendUntilCut(client, garbage);
      assertServes(server);
    }
  }

  @Test
  void halfAHeaderWaitsForItsOtherHalfAndHurtsNobody() throws Exception {
    try (var server = TestServer.start();
        var client = server.client()) {
      byte[] request = header(0, 0, 9, 0, 512);
      client.send(ByteBuffer.wrap(request, 0, 13).slice().position(13));
      assertServes(server);

      client.send(ByteBuffer.wrap(request, 13, 15).slice().position(15));

      assertEquals(new NbdClient.SimpleReply(0, 9), client.simpleReply());
    }
  }

  @Test
  void clientThatVanishesInTheMiddleOfAWriteLeavesEverythingElseAsItWas() throws Exception {
    try (var server = TestServer.start()) {
      for (boolean cold : new boolean[] {false, true}) {
        server.device.cold(cold);
        for (int sent : new int[] {0, 10, 100_000, 700_000}) {
          var client = server.client();
          client.request(0, NbdCommand.WRITE, 1, MIB, MIB);
          client.send(new byte[sent]);
          client.close();
        }
      }
      server.device.cold(false);
      assertServes(server);
      server.server.withdraw("disk").await(); // what was in flight has ended
    }
  }

  @Test
  void clientThatNeverReadsIsNotServedBeyondWhatItMayLeaveUnread() throws Exception {
    try (var server = TestServer.start()) {
      server.device.tryWrite(0, java.lang.foreign.Arena.ofAuto().allocate(CAPACITY).fill((byte) 5));
      for (int length : new int[] {4096, MIB}) {
        for (boolean cold : new boolean[] {false, true}) {
          server.device.cold(cold);
          long before = server.server.stats().totals().bytesRead();
          try (var deaf = server.client()) {
            ByteBuffer requests = NbdClient.bytes(8000 * 28);
            for (int i = 0; i < 8000; i++) requests.put(header(0, 0, i, 0, length));
            deaf.socket().configureBlocking(false);
            requests.flip();
            for (int idle = 0; requests.hasRemaining() && idle < 50; idle++) {
              if (deaf.socket().write(requests) > 0) idle = 0;
              else assertServes(server);
            }
            assertServes(server);

            long served = server.server.stats().totals().bytesRead() - before;
            assertTrue(served < 64L * MIB, "served " + served + " bytes that nobody reads");
          }
        }
      }
    }
  }

  @Test
  void deafClientGetsEverythingOnceItReads() throws Exception {
    try (var server = TestServer.start();
        var client = server.client()) {
      ByteBuffer requests = NbdClient.bytes(64 * 28);
      for (int i = 0; i < 64; i++) requests.put(header(0, 0, i, 0, MIB));
      client.send(requests);
      assertServes(server);

      for (int i = 0; i < 64; i++) {
        assertEquals(new NbdClient.SimpleReply(0, i), client.simpleReply());
        assertArrayEquals(new byte[MIB], client.receiveBytes(MIB));
      }
    }
  }

  @Test
  void clientWithTooManyRequestsInFlightIsServedAsTheyComplete() throws Exception {
    try (var server = TestServer.start();
        var client = server.client()) {
      ByteBuffer requests = NbdClient.bytes(3000 * 28);
      for (int i = 0; i < 3000; i++) requests.put(header(0, NbdCommand.FLUSH.ordinal(), i, 0, 0));
      client.send(requests);

      var seen = new boolean[3000];
      for (int i = 0; i < 3000; i++) {
        NbdClient.SimpleReply reply = client.simpleReply();
        assertEquals(0, reply.error());
        seen[(int) reply.cookie()] = true;
      }
      for (boolean one : seen) assertTrue(one);
    }
  }

  static void assertServes(TestServer server) throws IOException {
    try (var client = server.client()) {
      assertEquals(512, client.read(CAPACITY > server.device.capacity() ? 0 : 8 * MIB, 512).length);
    }
  }

  private static void sendUntilCut(NbdClient client, byte[] garbage) throws IOException {
    try {
      client.send(garbage);
      assertTrue(client.isDisconnected());
    } catch (IOException e) {
      assertTrue(
          List.of("Broken pipe", "Connection reset by peer", "Connection reset")
              .contains(e.getMessage()),
          e.getMessage());
    }
  }
}
