package dev.varve.core.limit;

/** Which of the separate limits a request counts for. Immutable. */
public enum Direction {
  READ,
  WRITE
}
