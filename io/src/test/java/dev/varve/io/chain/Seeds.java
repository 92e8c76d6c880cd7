package dev.varve.io.chain;

import java.util.Random;
import java.util.stream.LongStream;

/** The seeds with which a random test runs. */
final class Seeds {

  private Seeds() {}

  /**
   * New ones in each run: {@code -Dvarve.seed=N} repeats one run, {@code -Dvarve.seeds=N} makes so
   * many.
   *
   * @param usual how many there are otherwise
   */
  static LongStream of(int usual) {
    Long one = Long.getLong("varve.seed");
    return one != null
        ? LongStream.of(one)
        : new Random().longs(Integer.getInteger("varve.seeds", usual));
  }
}
