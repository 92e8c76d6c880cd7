package dev.varve.bench.compare;

import java.util.ArrayList;
import java.util.List;

/**
 * Which limit a group has when.
 *
 * @param steps in order of their time; the first of each group is at 0
 */
record LimitSchedule(int seconds, List<Step> steps) {

  private static final long MIB = 1 << 20;

  /** A new limit. */
  record Step(int second, int group, long bytesPerSecond) {}

  LimitSchedule {
    steps = List.copyOf(steps);
  }

  /** Up and down by factors of two to twelve, at another time in each group. */
  static LimitSchedule over(int seconds) {
    List<Step> steps = new ArrayList<>();
    steps.add(new Step(0, 0, 40 * MIB));
    steps.add(new Step(0, 1, 20 * MIB));
    steps.add(new Step(seconds * 8 / 30, 0, 10 * MIB));
    steps.add(new Step(seconds * 10 / 30, 1, 60 * MIB));
    steps.add(new Step(seconds * 15 / 30, 0, 80 * MIB));
    steps.add(new Step(seconds * 20 / 30, 1, 5 * MIB));
    steps.add(new Step(seconds * 22 / 30, 0, 20 * MIB));
    return new LimitSchedule(seconds, steps);
  }

  /** The limit of a group at the beginning of a second. */
  long limit(int group, int second) {
    long limit = 0;
    for (Step step : steps)
      if (step.group() == group && step.second() <= second) limit = step.bytesPerSecond();
    return limit;
  }

  /** The seconds at which a group's limit changes, without the first. */
  List<Integer> changes(int group) {
    return steps.stream()
        .filter(step -> step.group() == group && step.second() > 0)
        .map(Step::second)
        .toList();
  }

  /**
   * Whether a second is one in which nothing but the limit should be seen: not the first, with its
   * burst, nor one beside a change, whose time fio's clock does not know exactly.
   */
  boolean isSettled(int group, int second) {
    if (second == 0 || second == seconds - 1) return false;
    return changes(group).stream().noneMatch(at -> second >= at - 1 && second <= at);
  }
}
