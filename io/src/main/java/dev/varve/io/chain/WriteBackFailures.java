package dev.varve.io.chain;

import dev.varve.core.device.DeviceClosedException;
import dev.varve.core.device.FailureWords;
import java.io.IOException;
import java.lang.System.Logger.Level;

/**
 * Logs that a background flush of an image failed, which the guest may not notice: the first time,
 * then every sixtieth time, and when it works again. Thread-safe.
 */
final class WriteBackFailures {

  private static final System.Logger LOG = System.getLogger(WriteBackFailures.class.getName());

  /** How many failures there are between two messages; about one minute. */
  private static final int TOLD = 60;

  private final String image;
  private final System.Logger log;
  private long inTurn;

  WriteBackFailures(String image) {
    this(image, LOG);
  }

  WriteBackFailures(String image, System.Logger log) {
    this.image = image;
    this.log = log;
  }

  /** Notes that a flush failed. */
  synchronized void failed(IOException why) {
    if (why instanceof DeviceClosedException) return;
    if (inTurn++ % TOLD != 0) return;
    String often = inTurn == 1 ? "" : ", %d times in a row".formatted(inTurn);
    log.log(
        Level.WARNING,
        "%s: writes could not be made durable%s: %s".formatted(image, often, FailureWords.of(why)));
  }

  /** Notes that a flush worked. */
  synchronized void worked() {
    if (inTurn > 0)
      log.log(
          Level.INFO,
          "%s: writes are durable again, after %d failed attempts".formatted(image, inTurn));
    inTurn = 0;
  }
}
