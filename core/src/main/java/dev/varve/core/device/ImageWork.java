package dev.varve.core.device;

import dev.varve.core.measure.Durations;

/**
 * What the images of a disk had to do for its requests, since the disk was opened. Immutable.
 *
 * @param copies ranges that were copied from a parent into the top image, because a write covered a
 *     block only in part
 * @param copiedBytes what those copies came to
 * @param places blocks that got a place in the top image
 * @param placedBytes what those places came to
 * @param commits how long it took to make what was written durable: each sync of the files, with
 *     what has to be written before
 */
public record ImageWork(
    long copies, long copiedBytes, long places, long placedBytes, Durations commits) {

  /** Nothing. */
  public static final ImageWork NONE = new ImageWork(0, 0, 0, 0, Durations.NONE);
}
