package dev.varve.io.chain;

import dev.varve.io.chain.InterceptedFile.Call;
import java.util.concurrent.CountDownLatch;

/** A file system that hangs, from {@link #begin} to {@link #close}: no call but a read returns. */
final class Hang implements InterceptedFile.Interceptor, AutoCloseable {

  private volatile boolean begun;
  private final CountDownLatch ended = new CountDownLatch(1);

  void begin() {
    begun = true;
  }

  @Override
  public void before(Call call, long offset) {
    if (!begun || call == Call.READ) return;
    try {
      ended.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    ended.countDown();
  }
}
