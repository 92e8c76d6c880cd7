package dev.varve.core.medium;

/** Hears how far a long operation is, and can end it. Called on the thread that does the work. */
public interface Progress {

  /** Hears nothing and never ends anything. */
  Progress NONE = (_, _) -> true;

  /**
   * {@code done} of {@code total} steps, of whatever size, are done.
   *
   * @return false to cancel: the operation stops as soon as it leaves everything as it was, or
   *     ignores this once it can no longer
   */
  boolean at(long done, long total);
}
