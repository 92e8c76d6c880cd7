package dev.varve.core.limit;

import static dev.varve.core.limit.SteppedClients.MILLISECOND;
import static dev.varve.core.limit.SteppedClients.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.Limits;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How much passes, on a clock that is stepped. */
class LimitExactnessTest {

  private static final long HOUR = 3600 * SECOND;
  private static final long YEAR = 365 * 24 * HOUR;

  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "65536, 4096",
    "1000003, 4096",
    "4294967296, 4194304",
    "100000000000, 1073741824",
    "99999999977, 1073741827"
  })
  void overAnHourPassesTheLimitToAThousandth(long perSecond, long length) {
    var clients = new SteppedClients(BandwidthLimits.ofBytes(perSecond));
    clients.client(Direction.READ, 4, length);
    clients.run(SECOND);
    long before = clients.bytes();

    clients.run(HOUR);

    assertNear(3600.0 * perSecond, clients.bytes() - before, 0.001);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 1", "65536, 512", "4294967296, 65536"})
  void nothingIsLostToRoundingNorGainedByIt(long perSecond, long length) {
    var clients = new SteppedClients(BandwidthLimits.ofBytes(perSecond));
    clients.client(Direction.READ, 4, length);

    clients.run(100 * SECOND);

    long most = 100 * perSecond + perSecond / 10 + length;
    assertTrue(clients.bytes() <= most, clients.bytes() + " of " + most);
    assertTrue(clients.bytes() >= 100 * perSecond - length, clients.bytes() + " is too little");
  }

  @ParameterizedTest
  @CsvSource({
    "65536, 1024",
    "65536, 4096",
    "1048576, 65536",
    "104857600, 262144",
    "4294967296, 1048576"
  })
  void everySecondPassesTheLimitToFivePercentAndTenSecondsToOne(long perSecond, long length) {
    var clients = new SteppedClients(BandwidthLimits.ofBytes(perSecond));
    for (int i = 0; i < 3; i++) clients.client(Direction.READ, 8, length);

    clients.run(13 * SECOND);

    assertWithin(0.05, perSecond, SECOND, clients);
    assertWithin(0.01, perSecond, 10 * SECOND, clients);
  }

  @ParameterizedTest
  @CsvSource({"65536, 1024", "1048576, 65536", "1048576, 131072", "4294967296, 1048576"})
  void alarmsThatRingLateLoseNothing(long perSecond, long length) {
    long seed = new Random().nextLong();
    var random = new Random(seed);
    var clients = new SteppedClients(BandwidthLimits.ofBytes(perSecond));
    clients.lateness = at -> at + random.nextLong(20 * MILLISECOND);
    for (int i = 0; i < 3; i++) clients.client(Direction.READ, 8, length);
    clients.run(SECOND);
    long before = clients.bytes();

    clients.run(10 * SECOND);

    long passed = clients.bytes() - before;
    assertEquals(10.0 * perSecond, passed, 0.01 * 10 * perSecond + length, () -> "seed " + seed);
  }

  @Test
  void operationsAreLimitedAsExactlyAsBytes() {
    var clients = new SteppedClients(Limits.operations(777));
    var client = clients.client(Direction.WRITE, 4, 1 << 20);
    clients.run(SECOND);
    long before = client.operations;

    clients.run(100 * SECOND);

    assertNear(77_700, client.operations - before, 0.0005);
  }

  @Test
  void ofSeveralLimitsTheScarcestHolds() {
    var limits = new BandwidthLimits(50_000, 0, 80_000, 0, 30, 0, BandwidthLimits.DEFAULT_BURST);
    var clients = new SteppedClients(limits);
    var reader = clients.client(Direction.READ, 4, 500);
    var writer = clients.client(Direction.WRITE, 4, 500);
    clients.run(SECOND);
    long read = reader.bytes;
    long written = writer.operations;

    clients.run(100 * SECOND);

    assertNear(5_000_000, reader.bytes - read, 0.001);
    assertNear(3000, writer.operations - written, 0.001);
  }

  @Test
  void theSumHoldsForReadsAndWritesTogether() {
    var limits = new BandwidthLimits(50_000, 0, 80_000, 0, 0, 0, BandwidthLimits.DEFAULT_BURST);
    var clients = new SteppedClients(limits);
    var reader = clients.client(Direction.READ, 4, 500);
    var writer = clients.client(Direction.WRITE, 4, 500);
    clients.run(SECOND);
    long before = clients.bytes();
    long read = reader.bytes;
    long written = writer.bytes;

    clients.run(100 * SECOND);

    assertNear(8_000_000, clients.bytes() - before, 0.001);
    assertTrue(reader.bytes - read >= 2_990_000, "read " + (reader.bytes - read));
    assertTrue(writer.bytes - written >= 2_990_000, "written " + (writer.bytes - written));
  }

  @Test
  void afterAPauseTheBurstPassesAtOnceAndNoMore() {
    var clients = new SteppedClients(Limits.bytes(1_000_000, SECOND / 2));
    clients.run(YEAR);

    clients.client(Direction.READ, 4, 1000);

    assertEquals(500_000, clients.bytes());
  }

  @Test
  void yearsOfPauseAndTheClocksWrapAreNothingSpecial() {
    var clients =
        new SteppedClients(BandwidthLimits.ofBytes(1_000_000), Long.MAX_VALUE - 10 * SECOND);
    clients.client(Direction.READ, 1, 1000).stopped = true;
    clients.run(200 * YEAR);
    var client = clients.client(Direction.READ, 4, 1000);
    assertEquals(100_000, client.bytes);
    long before = client.bytes;

    clients.run(10 * SECOND);

    assertEquals(10_000_000, client.bytes - before);
  }

  @Test
  void requestLargerThanTheBurstPassesAndIsPaidFor() {
    var clients = new SteppedClients(BandwidthLimits.ofBytes(1 << 20));

    var large = clients.client(Direction.WRITE, 1, 32 << 20);
    assertEquals(1, large.operations);

    clients.run(31 * SECOND);
    assertEquals(1, large.operations);
    clients.run(SECOND);
    assertEquals(2, large.operations);
    clients.run(3200 * SECOND);
    assertEquals(102, large.operations);
  }

  @Test
  void hugestRequestsAtTheLowestAndTheHighestLimitOverflowNothing() {
    var slow = new SteppedClients(BandwidthLimits.ofBytes(1));
    var one = slow.client(Direction.WRITE, 2, Long.MAX_VALUE);
    assertEquals(1, one.operations);
    slow.run(100 * YEAR);
    assertEquals(1, one.operations);

    var fast = new SteppedClients(BandwidthLimits.ofBytes(Long.MAX_VALUE));
    var other = fast.client(Direction.WRITE, 2, 1L << 62);
    long before = other.operations;
    fast.run(1000 * SECOND);
    assertEquals(1000, other.operations - before);
  }

  private static void assertWithin(
      double part, long perSecond, long window, SteppedClients clients) {
    double expected = (double) perSecond * window / SECOND;
    long begin = 2 * SECOND;
    long most = clients.passages.mostIn(window, begin);
    long least = clients.passages.leastIn(window, begin, clients.now);
    assertTrue(most <= expected * (1 + part), most + " passed where " + expected + " may");
    assertTrue(least >= expected * (1 - part), least + " passed where " + expected + " may");
  }

  private static void assertNear(double expected, double actual, double part) {
    assertEquals(expected, actual, expected * part);
  }
}
