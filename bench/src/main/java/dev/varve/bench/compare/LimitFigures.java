package dev.varve.bench.compare;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * How well a server has kept a schedule.
 *
 * @param server its name
 * @param rates bytes per second of each disk, by windows of {@link GroupLoad#WINDOW_MILLIS}
 * @param cpu what the server used meanwhile
 */
record LimitFigures(String server, LimitSchedule schedule, double[][] rates, Duration cpu) {

  private static final int WINDOWS = 1000 / GroupLoad.WINDOW_MILLIS;

  /** A limit counts as reached so close to it. */
  private static final double NEAR = 0.05;

  /** Bytes per second of a disk over some seconds. */
  double rate(int disk, int fromSecond, int toSecond) {
    double sum = 0;
    for (int i = fromSecond * WINDOWS; i < toSecond * WINDOWS; i++) sum += rates[disk][i];
    return sum / ((toSecond - fromSecond) * WINDOWS);
  }

  private double groupRate(int group, int fromSecond, int toSecond) {
    return rate(2 * group, fromSecond, toSecond) + rate(2 * group + 1, fromSecond, toSecond);
  }

  /** By how much each settled second of each group was off its limit, as a part of it. */
  double[] errors() {
    List<Double> errors = new ArrayList<>();
    for (int group = 0; group < GroupServer.GROUPS; group++) {
      for (int second = 0; second < schedule.seconds(); second++) {
        if (!schedule.isSettled(group, second)) continue;
        errors.add(groupRate(group, second, second + 1) / schedule.limit(group, second) - 1);
      }
    }
    return errors.stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** Jain's index of a group's two disks in each settled second: 1 for equal, 0.5 for one alone. */
  double[] fairness(int group) {
    List<Double> indices = new ArrayList<>();
    for (int second = 0; second < schedule.seconds(); second++) {
      if (!schedule.isSettled(group, second)) continue;
      double one = rate(2 * group, second, second + 1);
      double other = rate(2 * group + 1, second, second + 1);
      double squares = one * one + other * other;
      indices.add(squares == 0 ? 1 : (one + other) * (one + other) / (2 * squares));
    }
    return indices.stream().mapToDouble(Double::doubleValue).toArray();
  }

  /**
   * The longest time from a change until the group's rate came near the new limit, in seconds: to
   * the end of the first window that did, so never 0, and up to a window more for the difference of
   * the clocks.
   */
  double slowestChange() {
    double slowest = 0;
    for (int group = 0; group < GroupServer.GROUPS; group++) {
      for (int second : schedule.changes(group)) {
        int window = second * WINDOWS;
        int end = schedule.seconds() * WINDOWS;
        long limit = schedule.limit(group, second);
        while (window < end && !isNear(group, window, limit)) window++;
        slowest = Math.max(slowest, (double) (window + 1) / WINDOWS - second);
      }
    }
    return slowest;
  }

  private boolean isNear(int group, int window, long limit) {
    double rate = rates[2 * group][window] + rates[2 * group + 1][window];
    return Math.abs(rate / limit - 1) <= NEAR;
  }

  /** The server's CPU for each request, in microseconds. */
  double cpuMicros() {
    double requests = 0;
    for (int disk = 0; disk < GroupServer.DISKS; disk++)
      requests += rate(disk, 0, schedule.seconds()) / GroupLoad.LOADS.get(disk).blockSize();
    return cpu.toNanos() / 1e3 / (requests * schedule.seconds());
  }
}
