package dev.varve.io.chain;

import dev.varve.core.device.DeviceClosedException;
import dev.varve.core.device.FailureWords;
import java.io.IOException;
import java.lang.System.Logger.Level;

/**
 * Tells that what a guest has written cannot be brought to its image, though the guest may not have
 * asked for it: the first time, then every sixtieth, and when it works again. Thread safe.
 */
final class WriteBackFailures {

  private static final System.Logger LOG = System.getLogger(WriteBackFailures.class.getName());

  /** About a minute's. */
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

  /** It failed. */
  synchronized void failed(IOException why) {
    if (why instanceof DeviceClosedException) return;
    if (inTurn++ % TOLD != 0) return;
    String often = inTurn == 1 ? "" : ", %d times in turn".formatted(inTurn);
    log.log(
        Level.WARNING,
        "%s: what was written could not be made durable%s: %s"
            .formatted(image, often, FailureWords.of(why)));
  }

  /** It worked. */
  synchronized void worked() {
    if (inTurn > 0)
      log.log(
          Level.INFO,
          "%s: what was written is durable again, after %d attempts that failed"
              .formatted(image, inTurn));
    inTurn = 0;
  }
}
