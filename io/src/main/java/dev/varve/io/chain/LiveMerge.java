package dev.varve.io.chain;

import java.io.IOException;

/**
 * A merge of two neighbours in a running disk's chain of which only a moment's work is left: see
 * {@link LiveChain#merge}.
 */
public final class LiveMerge {

  /**
   * Copies the rest and makes everything durable: afterwards the chain shows the same without the
   * source. Called while the disk is held, before the decision that the source is gone; the chain
   * stays as it is until {@link LiveChain#finish}. May wait.
   *
   * @throws IOException the target does not hold everything: {@link #abandon} the merge
   */
  public void complete() throws IOException {
    throw new UnsupportedOperationException("under construction");
  }

  /**
   * Gives up; the chain stays as it is, and shows what it did. May be called twice, held or not,
   * and does nothing after {@link LiveChain#finish}. May wait.
   */
  public void abandon() {
    throw new UnsupportedOperationException("under construction");
  }
}
