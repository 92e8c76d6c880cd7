package dev.varve.bench.compare;

import java.util.List;

/**
 * A load, the servers that are measured under it, and what Varve should reach. Immutable.
 *
 * @param name for the command line
 * @param client which program makes the load
 * @param state how the images are when a run begins
 * @param contestants Varve first, then the one that the goals compare it with, then others
 * @param goals in the order of the table
 */
record Workload(
    String name,
    Tool client,
    Load load,
    State state,
    List<Contestant> contestants,
    List<Goal> goals) {

  private static final int REHEARSED_PART = 8;

  enum State {
    /** In the host's memory; the server has been running for a while. */
    WARM("", 1),
    /** Not in memory; server and cache are new for each run. */
    COLD("cold ", 4),
    /** As built, since a run uses it up; server and image are new for each run. */
    FRESH("", 4);

    private final String title;
    private final int scale;

    State(String title, int scale) {
      this.title = title;
      this.scale = scale;
    }
  }

  /** For the tables. */
  String title() {
    return state.title + load.title();
  }

  /** How large the disk is: larger than usual where a run must not go over it twice. */
  long size(long usual) {
    return usual * state.scale;
  }

  /** The part of the disk that a run measures. */
  Load.Range measured(long size) {
    long rehearsed = state == State.WARM ? 0 : size / REHEARSED_PART;
    return new Load.Range(rehearsed, size - rehearsed);
  }

  /** The part of the disk on which the server warms up: another one, where runs use the disk up. */
  Load.Range rehearsed(long size) {
    return new Load.Range(0, state == State.WARM ? size : size / REHEARSED_PART);
  }

  /** Whether no run changes an image. */
  boolean readsOnly() {
    return load.readsOnly() && state != State.FRESH;
  }
}
