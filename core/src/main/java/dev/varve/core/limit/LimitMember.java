package dev.varve.core.limit;

import org.jspecify.annotations.Nullable;

/**
 * Membership of an attachment in a group. Thread-safe. Times are those of one clock like {@link
 * System#nanoTime}; a time earlier than the group's latest is treated as the latest.
 */
public final class LimitMember {

  private final LimitGroup group;
  private final String name;

  // Guarded by the group's lock.
  final Flow common = new Flow(this);
  final Flow writing = new Flow(this);
  final Traffic traffic;
  boolean left;

  LimitMember(LimitGroup group, String name, long now) {
    this.group = group;
    this.name = name;
    traffic = new Traffic(now);
  }

  public LimitGroup group() {
    return group;
  }

  /** For people: which attachment it is. */
  public String name() {
    return name;
  }

  /** Whether there is anything to ask for; if not, requests need not come here. */
  public boolean isLimited() {
    return group.isLimited();
  }

  /**
   * Lets a request pass and pays for it, if there is budget and no request waits for the same
   * limits.
   *
   * @param operations 1, or 0 for a part of one that was counted for another part
   * @param length in bytes, of what it moves; 0 for a request that moves nothing
   * @return false if it has to wait: nothing was paid, and the caller enqueues it
   */
  public boolean tryPass(Direction direction, int operations, long length, long nanoTime) {
    return !group.isLimited() || group.tryPass(this, direction, operations, length, nanoTime);
  }

  /** Takes back a payment: what passed just now is not carried out, or will be asked for again. */
  public void refund(Direction direction, int operations, long length, long nanoTime) {
    if (group.isLimited()) group.refund(this, direction, operations, length, nanoTime);
  }

  /** A request that passed has been answered with success. */
  public void answered(Direction direction, long bytes) {
    traffic.answered(direction, bytes);
    group.answered(direction, bytes);
  }

  /**
   * Puts a request at the end of this member's queue. It {@linkplain Waiting#passed() passes} when
   * its turn comes, possibly before this method returns, and after what waits of this member in the
   * same direction.
   *
   * @return false if the member has left the group: the request is not taken
   */
  public boolean enqueue(
      Waiting request, Direction direction, int operations, long length, long nanoTime) {
    return group.enqueue(this, request, direction, operations, length, nanoTime);
  }

  /**
   * Leaves the group, which goes on without it.
   *
   * @return what was still waiting, as a chain, and will not pass; null if nothing was
   */
  public @Nullable Waiting leave(long nanoTime) {
    return group.leave(this, nanoTime);
  }

  public LimitStatistics statistics(long nanoTime) {
    return group.statistics(traffic, nanoTime);
  }

  /** How long anything of this member has waited. Takes no lock. */
  long throttledNanos(long nanoTime) {
    return traffic.throttledNanos(nanoTime);
  }

  /** How many of its requests wait now. Takes no lock. */
  long waitingRequests() {
    return traffic.waitingRequests();
  }

  void beginAnew() {
    common.start = writing.start = 0;
  }
}
