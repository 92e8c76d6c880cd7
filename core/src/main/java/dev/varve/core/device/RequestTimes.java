package dev.varve.core.device;

/**
 * The moments of one request that is timed: when it goes to the device, passes its limit and is
 * begun. Used by the thread that has the request.
 */
public final class RequestTimes {

  private long submitted;
  private long passed;
  private long begun;
  private boolean hasPassed;
  private boolean hasBegun;

  /** It goes to the device. */
  public RequestTimes(long nowNanos) {
    submitted = nowNanos;
    passed = nowNanos;
  }

  /** A limit that it waited for lets it go on. */
  public void passed(long nowNanos) {
    passed = nowNanos;
    hasPassed = true;
  }

  /** A thread begins to carry it out. */
  public void begun(long nowNanos) {
    if (!hasBegun) begun = nowNanos; // it may go on in another lane
    hasBegun = true;
  }

  /** How long it waited for its limit. */
  public long limitNanos() {
    return hasPassed ? passed - submitted : 0;
  }

  /** How long it then waited for a thread; 0 where that is not known, as of a flush. */
  public long threadNanos() {
    return hasBegun ? begun - passed : 0;
  }

  /** How long it then took to be carried out. */
  public long hostNanos(long nowNanos) {
    return nowNanos - (hasBegun ? begun : passed);
  }
}
