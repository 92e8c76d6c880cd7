package dev.varve.core.limit;

import org.jspecify.annotations.Nullable;

/**
 * A request that may have to wait. The code that enqueues it extends it with what to do then, and
 * may use the object again once it has {@linkplain #passed() passed} or was given back. Belongs to
 * one thread until it is enqueued, and to the group from then on.
 */
public abstract class Waiting {

  /** The next in a member's queue, or in a chain of those that passed together. */
  @Nullable Waiting next;

  Direction direction = Direction.READ;
  int operations;
  long length;

  /**
   * Its turn has come and it is paid for. Called once, on whichever thread found that it is time:
   * one that passes or enqueues another request, changes a limit, or rings the alarm. Must neither
   * block nor throw; may use the group.
   */
  protected abstract void passed();

  /** The one behind it in the chain that {@link LimitMember#leave} returns, or null. */
  public final @Nullable Waiting next() {
    return next;
  }
}
