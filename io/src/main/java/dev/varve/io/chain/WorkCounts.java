package dev.varve.io.chain;

import dev.varve.core.device.ImageWork;
import dev.varve.io.storage.CommitTimes;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * Counts what the images of a disk do beside answering requests in place. All of it happens on
 * storage threads, next to something that takes longer. Thread-safe.
 */
final class WorkCounts {

  private final LongAdder copies = new LongAdder();
  private final LongAdder copiedBytes = new LongAdder();
  private final LongAdder places = new LongAdder();
  private final LongAdder placedBytes = new LongAdder();
  private final CommitTimes commits;

  WorkCounts(LongSupplier nanoClock) {
    this.commits = new CommitTimes(nanoClock);
  }

  /** Of work that no metric tells of. */
  static WorkCounts untold() {
    return new WorkCounts(() -> 0);
  }

  /** A range of a block was copied from the images below. */
  void copied(int length) {
    copies.increment();
    copiedBytes.add(length);
  }

  /** A block got a place. */
  void placed(int blockSize) {
    places.increment();
    placedBytes.add(blockSize);
  }

  CommitTimes commits() {
    return commits;
  }

  ImageWork totals() {
    return new ImageWork(
        copies.sum(), copiedBytes.sum(), places.sum(), placedBytes.sum(), commits.durations());
  }
}
