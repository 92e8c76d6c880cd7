package dev.varve.core.limit;

import static dev.varve.core.limit.SteppedClients.MILLISECOND;
import static dev.varve.core.limit.SteppedClients.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.Limits;
import java.math.BigInteger;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

/** What holds for every load. A failure prints its seed and the smallest load that breaks it. */
class LimitProperties {

  /** A member asks, or time passes, after which the alarm may be late. */
  record Step(int member, boolean writes, long length, long nanos, long lateness) {}

  @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
  void inNoStretchOfTimePassesMoreThanRateTimesTimePlusBurst(
      @ForAll("rates") long perSecond,
      @ForAll @LongRange(min = MILLISECOND, max = 10 * SECOND) long burst,
      @ForAll("steps") @Size(max = 120) List<Step> steps) {
    var load = new SteppedClients(Limits.bytes(perSecond, burst));

    run(load, steps);

    assertNeverAbove(load.passages, perSecond, burst);
  }

  @Property(tries = 100, edgeCases = EdgeCasesMode.NONE)
  void whoeverWaitsIsServedInTheTimeThatTheLimitTakesForAllOfThem(
      @ForAll @LongRange(min = 1000, max = 1L << 40) long perSecond,
      @ForAll("steps") @Size(max = 60) List<Step> steps) {
    var load = new SteppedClients(BandwidthLimits.ofBytes(perSecond));
    run(load, steps);
    long waiting = load.group.statistics(load.now).waitingBytes();

    // What waits, a debt of the largest, and the timer's granularity.
    double seconds = (waiting + (double) (32 << 20)) / perSecond + 0.2;
    load.lateness = at -> at;
    load.run((long) (seconds * SECOND));

    assertEquals(0, load.group.statistics(load.now).waitingRequests());
  }

  @Property(tries = 100, edgeCases = EdgeCasesMode.NONE)
  void changesOfTheLimitLetNothingPassBeyondTheHighestOfThem(
      @ForAll @Size(min = 1, max = 20) List<@LongRange(min = 1 << 20, max = 1L << 36) Long> rates,
      @ForAll("smallSteps") @Size(max = 100) List<Step> steps) {
    var load = new SteppedClients(BandwidthLimits.ofBytes(rates.getFirst()));
    long highest = rates.getFirst();

    int share = steps.size() / rates.size();
    for (int i = 0; i < rates.size(); i++) {
      load.change(BandwidthLimits.ofBytes(rates.get(i)));
      highest = Math.max(highest, rates.get(i));
      run(load, steps.subList(i * share, (i + 1) * share));
    }

    assertNeverAbove(load.passages, highest, BandwidthLimits.DEFAULT_BURST);
  }

  @Property(tries = 100, edgeCases = EdgeCasesMode.NONE)
  void equalMembersGetEqualSharesWhateverTheirDepthsAndSizes(
      @ForAll @LongRange(min = 1 << 20, max = 1L << 30) long perSecond,
      @ForAll @Size(min = 2, max = 6) List<@LongRange(min = 1, max = 64) Long> depths) {
    var load = new SteppedClients(BandwidthLimits.ofBytes(perSecond));
    long unit = Math.max(512, perSecond / 8192);
    for (int i = 0; i < depths.size(); i++)
      load.client(Direction.READ, (int) (long) depths.get(i), unit * (1 + i % 3 * 4));
    load.run(SECOND);
    long[] before = load.clients.stream().mapToLong(c -> c.bytes).toArray();

    load.run(SECOND);

    double share = (double) perSecond / depths.size();
    for (int i = 0; i < before.length; i++)
      assertEquals(share, load.clients.get(i).bytes - before[i], 0.05 * share + 10 * unit);
  }

  @Property
  void pricesAndWhatIsTakenBackAreExact(
      @ForAll @LongRange(min = 1) long perSecond,
      @ForAll @LongRange(min = 0) long first,
      @ForAll @LongRange(min = 0) long second,
      @ForAll long now) {
    var limit = new RateLimit(perSecond, BandwidthLimits.DEFAULT_BURST, now);
    limit.quote(first, now);
    limit.debit();
    BigInteger rate = BigInteger.valueOf(Math.min(perSecond, 1L << 62));
    BigInteger exact = BigInteger.valueOf(first).multiply(BigInteger.valueOf(SECOND)).divide(rate);

    assertEquals(exact.min(BigInteger.ONE.shiftLeft(62)).longValue(), limit.quotedNanos());

    long due = limit.quote(0, now);
    limit.quote(second, now);
    long secondNanos = limit.quotedNanos();
    limit.debit();
    if (secondNanos < 1L << 60) {
      limit.refund(second);
      assertEquals(due, limit.quote(0, now));
    }
  }

  // ---- Loads

  @Provide
  Arbitrary<Long> rates() {
    return Arbitraries.of(1L, 3L, 1000L, 65_536L, 1_000_003L, 1L << 30, 100_000_000_000L);
  }

  @Provide
  Arbitrary<List<Step>> steps() {
    return steps(32 << 20);
  }

  /** Such as leave no debt at 1 MiB/s. */
  @Provide
  Arbitrary<List<Step>> smallSteps() {
    return steps(50 << 10);
  }

  private static Arbitrary<List<Step>> steps(long longest) {
    var length = Arbitraries.longs().between(0, longest);
    var nanos = Arbitraries.longs().between(0, 3 * SECOND);
    var lateness = Arbitraries.longs().between(0, 300 * MILLISECOND);
    var member = Arbitraries.integers().between(0, 4);
    return Combinators.combine(member, Arbitraries.of(true, false), length, nanos, lateness)
        .as(Step::new)
        .list();
  }

  private static void run(SteppedClients load, List<Step> steps) {
    if (load.clients.isEmpty()) for (int i = 0; i < 5; i++) load.client(Direction.READ, 0, 0);
    for (Step step : steps) {
      load.lateness = at -> at + step.lateness;
      load.clients.get(step.member).askOnce(direction(step), step.length);
      load.run(step.nanos);
    }
  }

  private static Direction direction(Step step) {
    return step.writes ? Direction.WRITE : Direction.READ;
  }

  /** Of every stretch between two passages, both included. */
  private static void assertNeverAbove(
      SteppedClients.Passages passages, long perSecond, long burst) {
    for (int from = 0; from < passages.count(); from++) {
      double passed = 0;
      double largest = 0;
      for (int to = from; to < passages.count(); to++) {
        passed += passages.length(to);
        largest = Math.max(largest, passages.largest(to));
        double nanos = passages.time(to) - passages.time(from) + burst;
        double beyondHalf = Math.max(0, largest - perSecond / 1e9 * (burst / 2));
        double most = perSecond / 1e9 * nanos + beyondHalf + 1;
        assertTrue(
            passed <= most * (1 + 1e-9), passed + " passed where " + most + " may, from " + from);
      }
    }
  }
}
