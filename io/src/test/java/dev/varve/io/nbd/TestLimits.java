package dev.varve.io.nbd;

import java.time.Duration;

/** Limits for tests that do not wait as long as people do. */
public final class TestLimits {

  private TestLimits() {}

  /** The usual limits with other times for the handshake and to end in. */
  public static NbdLimits times(Duration handshake, Duration drain) {
    NbdLimits usual = NbdLimits.DEFAULT;
    return new NbdLimits(
        handshake,
        drain,
        usual.options(),
        usual.optionBytes(),
        usual.requestsInFlight(),
        usual.bytesInFlight(),
        usual.unsentBytes(),
        usual.buffers(),
        usual.stalled(),
        usual.connections(),
        usual.descriptors(),
        usual.loops(),
        usual.idle(),
        usual.poll());
  }
}
