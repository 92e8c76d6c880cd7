package dev.varve.io.chain;

import dev.varve.io.chain.InterceptedFile.Call;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Holds up one call to a file, the next of its kind after {@link #shut}, until the test opens it
 * again.
 */
final class Gate implements InterceptedFile.Interceptor {

  private static final int PATIENCE_SECONDS = 30;

  private Call call = Call.READ;
  private int toLetPass = -1;
  private boolean afterwards;
  private CountDownLatch arrived = new CountDownLatch(0);
  private CountDownLatch opened = new CountDownLatch(0);

  /**
   * Shuts the gate for one call.
   *
   * @param toLetPass how many calls of this kind pass before
   * @param afterwards whether it is held up when it has been carried out
   */
  synchronized void shut(Call call, int toLetPass, boolean afterwards) {
    this.call = call;
    this.toLetPass = toLetPass;
    this.afterwards = afterwards;
    arrived = new CountDownLatch(1);
    opened = new CountDownLatch(1);
  }

  /** Waits until a thread stands before the gate. */
  void awaitArrival() {
    await(arrived);
  }

  void open() {
    opened.countDown();
  }

  @Override
  public void before(Call call, long offset) {
    pass(call, false);
  }

  @Override
  public void after(Call call, long offset) {
    pass(call, true);
  }

  private void pass(Call call, boolean afterwards) {
    synchronized (this) {
      if (call != this.call || afterwards != this.afterwards || toLetPass-- != 0) return;
      arrived.countDown();
    }
    await(opened);
  }

  private static void await(CountDownLatch latch) {
    try {
      if (!latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS))
        throw new AssertionError("no thread came");
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
