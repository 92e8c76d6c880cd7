package dev.varve.core.limit;

/** Wakes a group: the one timer that all of its waiting requests share. Any thread may call. */
public interface Alarm {

  /**
   * Calls {@link LimitGroup#ring} once, at {@code nanoTime} or soon after and not before, on any
   * thread. May replace what was set for this group before, always for a later time, or leave it.
   * Called with the group's lock held: must not block, nor ring in this call.
   */
  void set(LimitGroup group, long nanoTime);
}
