package dev.varve.core.limit;

import java.math.BigInteger;

/**
 * One limit, as an appointment book: {@link #paidUntil} is the moment up to which the limit is used
 * up. What passes moves it on by its price in nanoseconds; it is never further back than the burst,
 * so that a pause earns no more than that.
 *
 * <p>Nothing is refilled and nothing rounded: a price's fraction of a nanosecond is kept, exactly,
 * in {@link #fraction}. Moments are compared by their difference, so the clock may wrap.
 *
 * <p>To ask is {@link #quote}; {@link #debit} then pays what was quoted last. Guarded by the
 * group's lock.
 */
final class RateLimit {

  private static final long NANOS_PER_SECOND = 1_000_000_000;

  /** Times a thousand million, and a fraction added, it still fits in a long. */
  private static final long MANY = 1L << 32;

  /** Beyond a thousand times what memory can move; keeps the fraction small enough. */
  private static final long HIGHEST_RATE = 1L << 62;

  /** A price of 146 years; more is not told apart. */
  private static final BigInteger FOREVER = BigInteger.ONE.shiftLeft(62);

  /** 0: no limit. */
  private long perSecond;

  private long burstNanos;
  private long paidUntil;

  /** What is paid beyond {@link #paidUntil}, in ns / perSecond. */
  private long fraction;

  private long quotedFrom;
  private long quotedNanos;
  private long quotedFraction;

  /** Begins with a full burst. */
  RateLimit(long perSecond, long burstNanos, long now) {
    this.perSecond = Math.min(perSecond, HIGHEST_RATE);
    this.burstNanos = burstNanos;
    paidUntil = now - burstNanos;
  }

  boolean isNone() {
    return perSecond == 0;
  }

  /**
   * When {@code units} may pass, if nothing else does before: not after {@code now} if at once.
   *
   * <p>Whole payment is asked for up to half the burst; what costs more goes when so much is there,
   * and leaves a debt. The other half is what makes up for a timer that rings late.
   */
  long quote(long units, long now) {
    quotedFrom = paidUntil;
    quotedFraction = fraction;
    long fullBurst = now - burstNanos;
    if (quotedFrom - fullBurst < 0) {
      quotedFrom = fullBurst;
      quotedFraction = 0;
    }
    quotedNanos = units <= MANY ? price(units) : priceOfMany(units);
    return quotedFrom + Math.min(quotedNanos, burstNanos >> 1);
  }

  private long price(long units) {
    long work = units * NANOS_PER_SECOND + quotedFraction;
    long nanos = work / perSecond;
    quotedFraction = work - nanos * perSecond;
    return nanos;
  }

  /** For requests of more than 4 GiB, which only programs that embed a disk can make. */
  private long priceOfMany(long units) {
    BigInteger[] nanos =
        BigInteger.valueOf(units)
            .multiply(BigInteger.valueOf(NANOS_PER_SECOND))
            .add(BigInteger.valueOf(quotedFraction))
            .divideAndRemainder(BigInteger.valueOf(perSecond));
    quotedFraction = nanos[1].longValue();
    return nanos[0].min(FOREVER).longValue();
  }

  /** The price of what was quoted last. */
  long quotedNanos() {
    return quotedNanos;
  }

  /** Pays what was quoted last. */
  void debit() {
    paidUntil = quotedFrom + quotedNanos;
    fraction = quotedFraction;
  }

  /** Takes back a payment for {@code units}, which did not pass after all; returns the price. */
  long refund(long units) {
    quotedFraction = 0;
    long nanos = units <= MANY ? price(units) : priceOfMany(units);
    paidUntil -= nanos;
    fraction -= quotedFraction;
    if (fraction < 0) {
      fraction += perSecond;
      paidUntil--;
    }
    return nanos;
  }

  /**
   * Another limit from now on. What is saved stays as many units, within the new burst: a change
   * lets nothing pass that was not saved before, and takes nothing from a request that saves. What
   * is owed stays as many units too when the limit rises, and as much time when it falls: old debts
   * are not paid at a new, lower rate. Without a limit nothing was saved.
   */
  void change(long newPerSecond, long newBurstNanos, long now) {
    newPerSecond = Math.min(newPerSecond, HIGHEST_RATE);
    long owed = perSecond == 0 ? 0 : Math.max(paidUntil - now, -burstNanos);
    if (newPerSecond > perSecond || owed < 0)
      owed = (long) Math.ceil(owed * ((double) perSecond / Math.max(1, newPerSecond)));
    if (newPerSecond != perSecond) fraction = 0;
    paidUntil = now + Math.max(owed, -newBurstNanos);
    perSecond = newPerSecond;
    burstNanos = newBurstNanos;
  }
}
