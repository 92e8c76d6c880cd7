package dev.varve.core.limit;

import static dev.varve.core.limit.SteppedClients.MILLISECOND;
import static dev.varve.core.limit.SteppedClients.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.Limits;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Who is served, on a clock that is stepped. */
class LimitFairnessTest {

  private static final long RATE = 64 << 20;

  @Test
  void membersThatWantMoreThanTheirShareGetEqualSharesInEverySecond() {
    var clients = new SteppedClients(BandwidthLimits.ofBytes(RATE));
    clients.client(Direction.READ, 1, 4096);
    clients.client(Direction.READ, 32, 4096);
    clients.client(Direction.WRITE, 4, 65_536);
    clients.client(Direction.READ, 2, 1 << 20);
    clients.client(Direction.WRITE, 64, 12_288);
    clients.run(SECOND);

    for (int second = 1; second <= 10; second++) {
      long[] before = clients.clients.stream().mapToLong(c -> c.bytes).toArray();
      clients.run(SECOND);
      double index = jain(gained(clients, before));
      assertTrue(index >= 0.98, "Jain's index is " + index + " in second " + second);
    }
  }

  @Test
  void membersShareOperationsWhereOperationsAreScarce() {
    var clients = new SteppedClients(Limits.operations(10_000));
    clients.client(Direction.READ, 1, 4096);
    clients.client(Direction.READ, 32, 1 << 20);
    clients.client(Direction.WRITE, 4, 0);
    clients.run(SECOND);
    long[] before = clients.clients.stream().mapToLong(c -> c.operations).toArray();

    clients.run(SECOND);

    for (int i = 0; i < 3; i++) {
      assertEquals(10_000 / 3.0, clients.clients.get(i).operations - before[i], 40);
    }
  }

  @Test
  void whatOneDoesNotUseTheOthersGetAtOnce() {
    var clients = new SteppedClients(BandwidthLimits.ofBytes(RATE));
    var one = clients.client(Direction.READ, 8, 65_536);
    var another = clients.client(Direction.READ, 8, 65_536);
    clients.run(SECOND);
    another.stopped = true;
    long before = one.bytes;

    clients.run(SECOND / 10);

    assertTrue(one.bytes - before >= 0.9 * RATE / 10, (one.bytes - before) + " bytes");
  }

  @Test
  void newMemberIsServedWithinFiftyMillisecondsHoweverManyWait() {
    var clients = new SteppedClients(BandwidthLimits.ofBytes(RATE));
    for (int i = 0; i < 50; i++) clients.client(Direction.READ, 32, 256 << 10);
    clients.run(10 * SECOND);
    long joined = clients.now;

    var late = clients.client(Direction.READ, 1, 4096);
    clients.run(SECOND);

    assertTrue(late.firstPassed - joined <= 50 * MILLISECOND, (late.firstPassed - joined) + " ns");
  }

  @Test
  void memberThatPausedIsServedAtOnceButHasSavedUpNothing() {
    var clients = new SteppedClients(BandwidthLimits.ofBytes(RATE));
    var busy = clients.client(Direction.READ, 8, 65_536);
    var idle = clients.client(Direction.READ, 1, 4096);
    idle.stopped = true;
    clients.run(100 * SECOND);
    var back = clients.client(Direction.READ, 8, 65_536);
    long before = busy.bytes;

    clients.run(SECOND);

    assertEquals(RATE / 2.0, busy.bytes - before, 0.01 * RATE);
    assertEquals(RATE / 2.0, back.bytes, 0.01 * RATE);
  }

  @Test
  void smallRequestsKeepTheirShareBesideTheLargest() {
    var clients = new SteppedClients(BandwidthLimits.ofBytes(RATE));
    var large = clients.client(Direction.WRITE, 4, 32 << 20);
    var small = clients.client(Direction.READ, 4, 4096);
    clients.run(2 * SECOND);
    long smallBefore = small.bytes;
    long largeBefore = large.bytes;

    clients.run(20 * SECOND);

    assertEquals(10.0 * RATE, small.bytes - smallBefore, 32 << 20);
    assertEquals(10.0 * RATE, large.bytes - largeBefore, 32 << 20);
  }

  @Test
  void largeRequestSeesItsBudgetThoughSmallOnesOfTheOtherDirectionAlwaysFit() {
    var limits = new BandwidthLimits(RATE, RATE, RATE, 0, 0, 0, BandwidthLimits.DEFAULT_BURST);
    var clients = new SteppedClients(limits);
    var large = clients.client(Direction.WRITE, 1, 16 << 20);
    var small = clients.client(Direction.READ, 4, 4096);
    clients.run(2 * SECOND);
    long before = large.operations;

    clients.run(20 * SECOND);

    assertEquals(40, large.operations - before, 2); // half of the limit
    assertTrue(small.bytes >= 9 * RATE, small.bytes + " bytes");
  }

  @Test
  void readsDoNotWaitForTheWritesLimit() {
    var limits = new BandwidthLimits(RATE, 4096, 0, 0, 0, 0, BandwidthLimits.DEFAULT_BURST);
    var clients = new SteppedClients(limits);
    clients.client(Direction.WRITE, 32, 1 << 20);
    var reader = clients.client(Direction.READ, 1, 4096);
    clients.run(SECOND);
    long before = reader.bytes;

    clients.run(SECOND);

    assertEquals(RATE, reader.bytes - before, 0.001 * RATE);
  }

  @Test
  void whatMovesNoBytesDoesNotWaitWhereOnlyBytesAreLimited() {
    var clients = new SteppedClients(BandwidthLimits.ofBytes(RATE));
    clients.client(Direction.WRITE, 1, 1L << 30);
    var member = clients.group.join("flushes", clients.now);

    assertTrue(member.tryPass(Direction.WRITE, 1, 0, clients.now));
  }

  @Test
  void membersQueuePassesInTheOrderItCame() {
    var clients = new SteppedClients(BandwidthLimits.ofBytes(1000));
    var member = clients.group.join("member", 0);
    var order = new StringBuilder();
    for (char c = 'a'; c <= 'h'; c++) {
      char letter = c;
      member.enqueue(waiting(() -> order.append(letter)), Direction.READ, 1, 300, clients.now);
    }

    clients.run(10 * SECOND);

    assertEquals("abcdefgh", order.toString());
  }

  @Test
  void memberThatLeavesTakesWhatWaitsWithItAndTheOthersGoOn() {
    var clients = new SteppedClients(BandwidthLimits.ofBytes(1000));
    var leaving = clients.client(Direction.READ, 5, 5000);
    var staying = clients.client(Direction.READ, 5, 10);
    clients.run(SECOND);
    long passed = leaving.operations;

    int left = 0;
    for (Waiting w = leaving.member.leave(clients.now); w != null; w = w.next()) left++;
    clients.run(100 * SECOND);

    assertEquals(5, left);
    assertEquals(passed, leaving.operations);
    assertTrue(staying.bytes >= 95_000, staying.bytes + " bytes");
    assertEquals(1, clients.group.members().size());
    assertEquals(5, clients.group.statistics(clients.now).waitingRequests());
  }

  @Test
  void statisticsSayWhatPassedWhatWaitsAndForHowLong() {
    var clients = new SteppedClients(BandwidthLimits.ofBytes(1_000_000));
    var client = clients.client(Direction.READ, 3, 1000);
    clients.run(10 * SECOND);

    LimitStatistics member = client.member.statistics(clients.now);
    LimitStatistics group = clients.group.statistics(clients.now);

    assertEquals(client.bytes, member.bytesRead());
    assertEquals(0, member.bytesWritten());
    assertEquals(client.operations, member.operations());
    assertEquals(3, member.waitingRequests());
    assertEquals(3000, member.waitingBytes());
    assertEquals(10.0 * SECOND, member.throttledNanos(), 0.01 * SECOND);
    assertEquals(1_000_000, member.bytesPerSecond(), 2000);
    assertEquals(1000, member.operationsPerSecond(), 2);
    assertEquals(member, group);

    client.stopped = true;
    clients.run(3 * SECOND);
    assertEquals(0, client.member.statistics(clients.now).bytesPerSecond());
  }

  private static Waiting waiting(Runnable then) {
    return new Waiting() {
      @Override
      protected void passed() {
        then.run();
      }
    };
  }

  private static double[] gained(SteppedClients clients, long[] before) {
    double[] gained = new double[before.length];
    Arrays.setAll(gained, i -> clients.clients.get(i).bytes - before[i]);
    return gained;
  }

  /** 1 if all are equal, 1 / n if one has everything. */
  private static double jain(double[] shares) {
    double sum = Arrays.stream(shares).sum();
    return sum * sum / (shares.length * Arrays.stream(shares).map(x -> x * x).sum());
  }
}
