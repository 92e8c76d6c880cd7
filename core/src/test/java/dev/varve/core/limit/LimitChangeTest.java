package dev.varve.core.limit;

import static dev.varve.core.limit.SteppedClients.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.Limits;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Limits that change while requests wait, on a clock that is stepped. */
class LimitChangeTest {

  @ParameterizedTest
  @CsvSource({"1000000, 100000000", "100000000, 1000000", "1000000, 1000001", "65536, 4294967296"})
  void newLimitHoldsFromTheMomentOfTheChangeWithoutABurst(long before, long after) {
    var clients = new SteppedClients(BandwidthLimits.ofBytes(before));
    clients.client(Direction.READ, 8, 4096);
    clients.client(Direction.WRITE, 8, 4096);
    clients.run(5 * SECOND);
    long passed = clients.bytes();

    clients.change(BandwidthLimits.ofBytes(after));
    clients.run(SECOND / 10);

    assertEquals(after / 10.0, clients.bytes() - passed, 2 * 4096 + after * 0.002);
  }

  @Test
  void raisedLimitFreesWhoWaitsForALongDebt() {
    var clients = new SteppedClients(BandwidthLimits.ofBytes(1));
    var client = clients.client(Direction.READ, 2, 1_000_000);
    clients.run(SECOND);
    assertEquals(1, client.operations);

    clients.change(BandwidthLimits.ofBytes(100_000_000));
    clients.run(SECOND);

    assertEquals(100, client.operations, 1);
  }

  @Test
  void debtFromAHighLimitIsNotPaidAtTheLowOne() {
    var clients = new SteppedClients(BandwidthLimits.ofBytes(100_000_000));
    clients.client(Direction.READ, 1, 50_000_000).stopped = true; // half a second
    clients.run(SECOND / 100);

    clients.change(BandwidthLimits.ofBytes(1000));
    var small = clients.client(Direction.READ, 1, 10);
    clients.run(SECOND);

    assertTrue(small.firstPassed >= SECOND / 4, small.firstPassed + " ns");
    assertTrue(small.firstPassed <= SECOND / 2, small.firstPassed + " ns");
  }

  @Test
  void longerBurstHasToBeSavedFirst() {
    var clients = new SteppedClients(BandwidthLimits.ofBytes(1_000_000));
    clients.run(100 * SECOND);
    clients.change(Limits.bytes(1_000_000, 10 * SECOND));

    var client = clients.client(Direction.READ, 8, 1000);

    assertEquals(100_000, client.bytes);
  }

  @Test
  void whoHadNoLimitHasSavedNothing() {
    var clients = new SteppedClients(BandwidthLimits.NONE);
    clients.run(100 * SECOND);
    clients.change(BandwidthLimits.ofBytes(1_000_000));

    var client = clients.client(Direction.READ, 8, 1000);

    assertEquals(0, client.bytes);
    clients.run(SECOND);
    assertEquals(1_000_000, client.bytes);
  }

  @Test
  void withoutALimitEverythingPassesAtOnce() {
    var clients = new SteppedClients(BandwidthLimits.ofBytes(1));
    var one = clients.client(Direction.READ, 8, 1 << 20);
    var another = clients.client(Direction.WRITE, 8, 1 << 20);
    one.stopped = another.stopped = true; // those that wait are the last

    clients.change(BandwidthLimits.NONE);

    assertEquals(17, one.operations + another.operations);
    assertEquals(0, clients.group.statistics(clients.now).waitingRequests());
  }

  @Test
  void whatWaitsIsSortedAnewWhenDirectionsGetLimitsOfTheirOwnAndBack() {
    var clients = new SteppedClients(BandwidthLimits.ofBytes(1_000_000));
    var reader = clients.client(Direction.READ, 8, 1000);
    var writer = clients.client(Direction.WRITE, 8, 1000);
    clients.run(SECOND);
    long read = reader.bytes;
    long written = writer.bytes;

    clients.change(
        new BandwidthLimits(3_000_000, 1_000_000, 0, 0, 0, 0, BandwidthLimits.DEFAULT_BURST));
    clients.run(SECOND);
    assertEquals(3_000_000, reader.bytes - read, 10_000);
    assertEquals(1_000_000, writer.bytes - written, 10_000);

    read = reader.bytes;
    written = writer.bytes;
    clients.change(BandwidthLimits.ofBytes(1_000_000));
    clients.run(SECOND);
    assertEquals(500_000, reader.bytes - read, 10_000);
    assertEquals(500_000, writer.bytes - written, 10_000);
  }

  @Test
  void stormOfChangesLetsNoMorePassThanTheHighestLimit() {
    var clients = new SteppedClients(BandwidthLimits.ofBytes(1_000_000));
    clients.client(Direction.READ, 8, 1000);
    clients.run(SECOND);
    long before = clients.bytes();

    for (int i = 0; i < 10_000; i++) {
      clients.change(BandwidthLimits.ofBytes(i % 2 == 0 ? 2_000_000 : 1_000_000));
      clients.run(SECOND / 10_000);
    }

    long passed = clients.bytes() - before;
    assertTrue(passed >= 1_400_000 && passed <= 2_000_000, passed + " bytes");
  }
}
