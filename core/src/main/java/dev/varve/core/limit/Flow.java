package dev.varve.core.limit;

import org.jspecify.annotations.Nullable;

/** What waits of one member in one queue, in the order it came. Guarded by the group's lock. */
final class Flow {

  final LimitMember member;

  /**
   * Where its next request begins on the queue's virtual clock: what it was served so far, in
   * nanoseconds of the limit.
   */
  long start;

  private @Nullable Waiting first;
  private @Nullable Waiting last;

  Flow(LimitMember member) {
    this.member = member;
  }

  boolean isEmpty() {
    return first == null;
  }

  Waiting first() {
    assert first != null;
    return first;
  }

  void add(Waiting request) {
    request.next = null;
    if (last == null) first = request;
    else last.next = request;
    last = request;
  }

  Waiting remove() {
    Waiting removed = first();
    first = removed.next;
    if (first == null) last = null;
    removed.next = null;
    return removed;
  }

  /** Takes out all, as a chain. */
  @Nullable Waiting removeAll() {
    Waiting chain = first;
    first = last = null;
    return chain;
  }
}
