package dev.varve.io.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.core.device.Export;
import dev.varve.core.limit.BandwidthLimits;
import dev.varve.core.limit.LimitGroup;
import dev.varve.core.limit.LimitStatistics;
import dev.varve.core.limit.LimitedDevice;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** A limit counts what clients ask for, however it is served. */
@Timeout(value = 300, threadMode = ThreadMode.SEPARATE_THREAD)
class CountedRequestsTest {

  private static final int MIB = 1 << 20;
  private static final long PLENTY = 1L << 40;

  private final LimitGroup group =
      new LimitGroup(
          new BandwidthLimits(0, 0, PLENTY, 0, 0, PLENTY, BandwidthLimits.DEFAULT_BURST),
          (_, _) -> {},
          0);
  private TestServer server;
  private NbdClient client;

  @BeforeEach
  void limit() throws IOException {
    server = TestServer.start();
    var limited = new LimitedDevice(server.device, "disk", () -> 0);
    limited.limitTo(group);
    server.server.publish(new Export("limited", "", limited, false, true, false));
    client = server.connect().greet().go("limited");
  }

  @AfterEach
  void end() throws IOException {
    client.close();
    server.close();
  }

  @Test
  void hotReadIsOneOperation() throws IOException {
    client.read(0, 4096);
    client.read(0, 3 * MIB);

    assertCounted(3 * MIB + 4096, 0, 2);
  }

  @Test
  void coldReadIsOneOperationHoweverManyPartsItHas() throws IOException {
    server.device.cold(true);

    client.read(0, 4096);
    client.read(0, 3 * MIB);

    assertCounted(3 * MIB + 4096, 0, 2);
  }

  @Test
  void readThatIsFetchedIsPaidForOnce() throws IOException {
    server.device.asleep();

    client.read(0, 3 * MIB);

    assertCounted(3 * MIB, 0, 1);
  }

  @Test
  void readOfMoreRunsThanAreKeptIsPaidForOnce() throws IOException {
    for (int page = 0; page < 4096; page += 2) {
      client.write(0, page, page * 4096L, new byte[4096]);
      client.simpleReply();
    }

    client.read(0, 16 * MIB);

    assertCounted(16 * MIB, 8 * MIB, 2049);
  }

  @Test
  void writeIsOneOperationHoweverManyPiecesArrive() throws IOException {
    for (boolean cold : new boolean[] {false, true}) {
      server.device.cold(cold);
      client.write(0, 1, 512, new byte[3 * MIB]);
      assertEquals(0, client.simpleReply().error());
      client.write(Wire.CMD_FLAG_FUA, 2, 0, new byte[MIB]);
      assertEquals(0, client.simpleReply().error());
    }

    assertCounted(0, 8 * MIB, 4);
  }

  @Test
  void whatFailsIsAnOperationAndNoBytes() throws IOException {
    for (boolean cold : new boolean[] {false, true}) {
      server.device.cold(cold);
      server.device.breakAt(50_000, new IOException("the medium fails"));
      for (int length : new int[] {16_384, 3 * MIB}) {
        client.write(0, 1, 40_000, new byte[length]);
        assertEquals(5, client.simpleReply().error());
        assertEquals(5, client.ask(0, NbdCommand.READ, 40_000, length));
      }
    }

    assertCounted(0, 0, 8);
  }

  private void assertCounted(long bytesRead, long bytesWritten, long operations) {
    LimitStatistics counted = group.statistics(0);
    assertEquals(bytesRead, counted.readAnswered());
    assertEquals(bytesWritten, counted.writtenAnswered());
    assertEquals(operations, counted.operations());
  }
}
