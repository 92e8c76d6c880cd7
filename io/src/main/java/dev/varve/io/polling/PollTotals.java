package dev.varve.io.polling;

/**
 * What polling has cost so far, and what it was good for. Immutable.
 *
 * @param nanos how long loops have polled, in nanoseconds of processor time
 * @param found how often one found work, and did not have to be woken for it
 * @param missed how often one found none, and slept after all
 */
public record PollTotals(long nanos, long found, long missed) {

  public static final PollTotals NONE = new PollTotals(0, 0, 0);
}
