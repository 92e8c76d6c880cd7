package dev.varve.core.log;

import org.jspecify.annotations.Nullable;

/**
 * For what a thread works at the moment, in words for the log: {@code request 4f-1}. What hands
 * work to another thread carries the cause there, so that each line that a request leads to names
 * the request. Any thread; nothing blocks.
 */
public final class Cause {

  private static final ScopedValue<String> CURRENT = ScopedValue.newInstance();

  private Cause() {}

  /** Null if the work has no cause that is known. */
  public static @Nullable String current() {
    return CURRENT.isBound() ? CURRENT.get() : null;
  }

  /**
   * Works for a cause.
   *
   * @param cause without control characters: it stands in the log as it is
   */
  public static void during(String cause, Runnable work) {
    ScopedValue.where(CURRENT, cause).run(work);
  }

  /** Work for another thread, for the cause of the present one; makes nothing if there is none. */
  public static Runnable carried(Runnable work) {
    String cause = current();
    return cause == null ? work : () -> during(cause, work);
  }
}
