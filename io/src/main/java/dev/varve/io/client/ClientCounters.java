package dev.varve.io.client;

import dev.varve.core.measure.LoneCounter;

/**
 * Counts what one client asks for on one event loop. Written on that loop by a {@link ClientMeter};
 * read by any thread.
 */
public final class ClientCounters {

  private final LoneCounter requests = new LoneCounter();
  private final LoneCounter bytesRead = new LoneCounter();
  private final LoneCounter bytesWritten = new LoneCounter();
  private final LoneCounter inFlight = new LoneCounter();

  void batch(long requests, long bytesRead, long bytesWritten) {
    this.requests.add(requests);
    this.bytesRead.add(bytesRead);
    this.bytesWritten.add(bytesWritten);
  }

  void begun() {
    inFlight.add(1);
  }

  void ended() {
    inFlight.add(-1);
  }

  /** What was counted so far. */
  public ClientTotals totals() {
    return new ClientTotals(requests.get(), bytesRead.get(), bytesWritten.get(), inFlight.get());
  }
}
