package dev.varve.io.chain;

import dev.varve.core.device.DeviceRequest;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Delays the guest's writes. Thread-safe. */
final class WriteThrottle {

  private static final long MAX_DELAY_NANOS = 1_000_000_000;

  /** How often a delayed write checks whether it must still wait. */
  private static final long DELAY_STEP_NANOS = 2_000_000;

  private final BooleanSupplier ended;
  private volatile long delayPerPieceNanos;

  /**
   * @param ended whether writes must no longer wait
   */
  WriteThrottle(BooleanSupplier ended) {
    this.ended = ended;
  }

  /**
   * Delays writes until {@link #stop}: in each lane by about 1 ms &lt;&lt; {@code shift} for every
   * 64 KiB.
   */
  void slowDown(int shift) {
    delayPerPieceNanos = 1_000_000L << shift;
  }

  void stop() {
    delayPerPieceNanos = 0;
  }

  boolean isThrottling() {
    return delayPerPieceNanos > 0;
  }

  /** Waits as long as the request must. */
  void delay(DeviceRequest request) {
    long perPiece = delayPerPieceNanos;
    if (perPiece == 0) return;
    long pieces = Math.ceilDiv(Math.max(1, request.length()), ChangedRanges.PIECE);
    long left = Math.min(pieces * perPiece, MAX_DELAY_NANOS);
    for (; left > 0 && isThrottling() && !ended.getAsBoolean(); left -= DELAY_STEP_NANOS) {
      LockSupport.parkNanos(Math.min(left, DELAY_STEP_NANOS));
    }
  }
}
