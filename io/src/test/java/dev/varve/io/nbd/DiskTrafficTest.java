package dev.varve.io.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.DeviceRequest.Op;
import dev.varve.core.device.DiskTraffic;
import dev.varve.core.device.DiskTraffic.Failed;
import dev.varve.io.client.ClientView;
import dev.varve.io.client.Transport;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DiskTrafficTest {

  @Test
  void requestsAreCountedForTheirDiskBeforeTheirReplyLeaves() throws IOException {
    try (var server = TestServer.start();
        NbdClient client = server.client()) {
      client.write(0, 1, 0, new byte[8192]);
      assertEquals(0, client.simpleReply().error());
      client.read(4096, 4096);
      client.read(0, 100_000); // by reference
      client.write(0, 2, 0, new byte[100_000]); // in pieces
      assertEquals(0, client.simpleReply().error());

      DiskTraffic.Totals totals = server.traffic.totals();

      assertEquals(2, totals.of(Op.WRITE).answered().count());
      assertEquals(108_192, totals.of(Op.WRITE).bytes());
      assertEquals(2, totals.of(Op.READ).answered().count());
      assertEquals(104_096, totals.of(Op.READ).bytes());
      assertTrue(totals.of(Op.READ).answered().sumNanos() > 0);
      assertEquals(Map.of(), totals.errors());
      assertEquals(1, totals.clients());
      assertEquals(0, totals.inFlight());
    }
  }

  @Test
  void whatIsRefusedIsAnErrorAndNoRequestThatSucceeded() throws IOException {
    try (var server = TestServer.start();
        NbdClient client = server.client()) {
      assertNotEquals(0, client.ask(0, NbdCommand.READ, TestServer.CAPACITY, 4096));

      DiskTraffic.Totals totals = server.traffic.totals();

      assertEquals(0, totals.of(Op.READ).answered().count());
      assertEquals(Map.of(new Failed(Op.READ, "EINVAL"), 1L), totals.errors());
      assertEquals(1, totals.failed(Op.READ));
    }
  }

  @Test
  void aClientCanBeSeenAndSentAway() throws Exception {
    try (var server = TestServer.start();
        NbdClient client = server.client()) {
      client.read(0, 512);
      ClientView seen = server.server.clients().views().getFirst();
      assertEquals(Transport.NBD, seen.transport());
      assertEquals("disk", seen.export());
      assertEquals(1, seen.asked().requests());
      assertEquals(512, seen.asked().bytesRead());

      assertTrue(server.server.clients().disconnect(seen.number()));

      assertTrue(client.isDisconnected());
      server.server.withdraw("disk").await();
      assertFalse(server.server.clients().disconnect(seen.number()));
    }
  }

  @Test
  void aClientThatHasGoneIsCountedNoMore() throws Exception {
    try (var server = TestServer.start()) {
      try (NbdClient client = server.client()) {
        client.read(0, 512);
      }
      server.server.withdraw("disk").await();

      assertEquals(0, server.traffic.totals().clients());
      assertEquals(1, server.traffic.totals().of(Op.READ).answered().count());
    }
  }
}
