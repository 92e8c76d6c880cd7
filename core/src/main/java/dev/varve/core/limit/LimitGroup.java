package dev.varve.core.limit;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Limits that members share, whatever machines and threads they belong to.
 *
 * <p><b>Threads.</b> Any; times are those of one clock like {@link System#nanoTime}. A short lock
 * guards the group: what is done under it takes some tens of nanoseconds for each request that
 * passes, and calls nothing outside but {@link Alarm#set}. One lock, because a limit that holds to
 * the byte for all members together is one number that all of them change; leases of it to event
 * loops would save the lock and cost exactness, fairness and the immediate change.
 */
public final class LimitGroup {

  /** Rings no sooner than this after the last time, so that a fast group passes batches. */
  private static final long SHORTEST_NAP = BandwidthLimits.SHORTEST_BURST / 4;

  private final Alarm alarm;
  private volatile boolean limited;

  // Guarded by this.
  private BandwidthLimits limits;
  private final Budget reads;
  private final Budget writes;
  private final Budget sum;

  /** All requests; only those that read, while reads and writes have limits of their own. */
  private FairQueue common = new FairQueue();

  private FairQueue writing = new FairQueue();
  private final List<LimitMember> members = new ArrayList<>();
  private final Traffic traffic;
  private long time;
  private long sumIsDue;
  private boolean alarmIsSet;
  private long alarmAt;

  /** A group without members, which may begin with a full burst. */
  public LimitGroup(BandwidthLimits limits, Alarm alarm, long nanoTime) {
    this.limits = limits;
    this.alarm = alarm;
    long burst = limits.burstNanos();
    reads =
        new Budget(limits.readBytesPerSecond(), limits.readOperationsPerSecond(), burst, nanoTime);
    writes =
        new Budget(
            limits.writeBytesPerSecond(), limits.writeOperationsPerSecond(), burst, nanoTime);
    sum = new Budget(limits.bytesPerSecond(), limits.operationsPerSecond(), burst, nanoTime);
    traffic = new Traffic(nanoTime);
    time = nanoTime;
    limited = limits.limitAnything();
  }

  boolean isLimited() {
    return limited;
  }

  public synchronized BandwidthLimits limits() {
    return limits;
  }

  /**
   * A new member, which is served next.
   *
   * @param name for people; need not be unique
   */
  public synchronized LimitMember join(String name, long nanoTime) {
    var member = new LimitMember(this, name, advance(nanoTime));
    members.add(member);
    return member;
  }

  /** The members that have not left, in the order they joined. */
  public synchronized List<LimitMember> members() {
    return List.copyOf(members);
  }

  /** Of all members together, those that have left included. */
  public LimitStatistics statistics(long nanoTime) {
    return statistics(traffic, nanoTime);
  }

  /** What the group has let pass, without the rates of the last second. Takes no lock. */
  public LimitStatistics counted(long nanoTime) {
    return traffic.counted(nanoTime);
  }

  synchronized LimitStatistics statistics(Traffic whose, long nanoTime) {
    return whose.statistics(advance(nanoTime));
  }

  /**
   * Replaces the limits at once, for what waits too. What was saved under the old ones never
   * becomes more bytes or operations than it was; members' shares begin anew.
   */
  public void change(BandwidthLimits newLimits, long nanoTime) {
    Waiting passed;
    synchronized (this) {
      long now = advance(nanoTime);
      limits = newLimits;
      long burst = limits.burstNanos();
      reads.change(limits.readBytesPerSecond(), limits.readOperationsPerSecond(), burst, now);
      writes.change(limits.writeBytesPerSecond(), limits.writeOperationsPerSecond(), burst, now);
      sum.change(limits.bytesPerSecond(), limits.operationsPerSecond(), burst, now);
      limited = limits.limitAnything();
      beginAnew();
      passed = passDue(now);
    }
    tell(passed);
  }

  /** Puts what waits into the queues that the limits ask for. */
  private void beginAnew() {
    common = new FairQueue();
    writing = new FairQueue();
    for (LimitMember member : members) {
      Waiting inCommon = member.common.removeAll();
      Waiting inWriting = member.writing.removeAll();
      member.beginAnew();
      addAll(member, inCommon);
      addAll(member, inWriting);
    }
  }

  private void addAll(LimitMember member, @Nullable Waiting chain) {
    while (chain != null) {
      Waiting request = chain;
      chain = chain.next;
      FairQueue queue = queue(request.direction);
      queue.add(flow(member, queue), request, 0);
    }
  }

  /** For the {@link Alarm}: lets pass what is due by now. */
  public void ring(long nanoTime) {
    Waiting passed;
    synchronized (this) {
      long now = advance(nanoTime);
      if (alarmIsSet && now - alarmAt >= 0) alarmIsSet = false;
      passed = passDue(now);
    }
    tell(passed);
  }

  // ---- For members

  synchronized boolean tryPass(
      LimitMember member, Direction direction, int operations, long length, long nanoTime) {
    long now = advance(nanoTime);
    boolean concerned =
        budget(direction).concerns(operations, length) || sum.concerns(operations, length);
    if (concerned) {
      FairQueue queue = queue(direction);
      if (!queue.isEmpty() || (limits.limitASum() && !other(queue).isEmpty())) return false;
      if (quote(direction, operations, length, now) - now > 0) return false;
      queue.passInPlace(flow(member, queue), debit(direction));
    }
    count(member, direction, operations, length, 1, now);
    return true;
  }

  void refund(LimitMember member, Direction direction, int operations, long length, long nanoTime) {
    Waiting passed;
    synchronized (this) {
      long now = advance(nanoTime);
      long nanos =
          Math.max(budget(direction).refund(operations, length), sum.refund(operations, length));
      FairQueue queue = queue(direction);
      queue.refund(flow(member, queue), nanos);
      count(member, direction, operations, length, -1, now);
      passed = passDue(now);
    }
    tell(passed);
  }

  void answered(Direction direction, long bytes) {
    traffic.answered(direction, bytes);
  }

  boolean enqueue(
      LimitMember member,
      Waiting request,
      Direction direction,
      int operations,
      long length,
      long nanoTime) {
    Waiting passed;
    synchronized (this) {
      if (member.left) return false;
      long now = advance(nanoTime);
      request.direction = direction;
      request.operations = operations;
      request.length = length;
      FairQueue queue = queue(direction);
      queue.add(flow(member, queue), request, other(queue).clock());
      member.traffic.beginsToWait(length, now);
      traffic.beginsToWait(length, now);
      passed = passDue(now);
    }
    tell(passed);
    return true;
  }

  @Nullable Waiting leave(LimitMember member, long nanoTime) {
    Waiting passed;
    Waiting left;
    synchronized (this) {
      if (member.left) return null;
      long now = advance(nanoTime);
      member.left = true;
      members.remove(member);
      left = common.removeAll(member.common);
      Waiting writes = writing.removeAll(member.writing);
      if (left == null) left = writes;
      else last(left).next = writes;
      for (Waiting request = left; request != null; request = request.next) {
        member.traffic.waitsNoMore(request.length, now);
        traffic.waitsNoMore(request.length, now);
      }
      passed = passDue(now); // those for whom its first request was in the way
    }
    tell(passed);
    return left;
  }

  private static Waiting last(Waiting chain) {
    while (chain.next != null) chain = chain.next;
    return chain;
  }

  // ---- Whose turn it is

  /** Lets everything pass that is due; returns it as a chain, to be told without the lock. */
  private @Nullable Waiting passDue(long now) {
    Waiting first = null;
    Waiting last = null;
    for (FairQueue queue = turn(now); queue != null; queue = turn(now)) {
      Flow flow = queue.first();
      assert flow != null;
      Waiting request = queue.pass(debit(flow.first().direction));
      flow.member.traffic.waitsNoMore(request.length, now);
      traffic.waitsNoMore(request.length, now);
      count(flow.member, request.direction, request.operations, request.length, 1, now);
      if (last == null) first = request;
      else last.next = request;
      last = request;
    }
    return first;
  }

  /**
   * The queue whose first request passes next, now, and was quoted last. If there is none, the
   * alarm is set for when there is.
   *
   * <p>The request that begins first, of both queues, is next. While it waits for the sum's budget,
   * no other request overtakes it, or a large one would never see enough of it; while it waits for
   * a limit of its direction, the other direction goes on.
   */
  private @Nullable FairQueue turn(long now) {
    FairQueue queue = firstQueue();
    if (queue == null) return null;
    long due = quoteFirst(queue, now);
    if (due - now <= 0) return queue;
    FairQueue other = other(queue);
    if (!other.isEmpty() && sumIsDue - now <= 0) {
      long otherDue = quoteFirst(other, now);
      if (otherDue - now <= 0) return other;
      if (otherDue - due < 0) due = otherDue;
    }
    setAlarm(due, now);
    return null;
  }

  private @Nullable FairQueue firstQueue() {
    Flow one = common.first();
    Flow another = writing.first();
    if (one == null) return another == null ? null : writing;
    return another == null || one.start - another.start <= 0 ? common : writing;
  }

  private long quoteFirst(FairQueue queue, long now) {
    Flow flow = queue.first();
    assert flow != null;
    Waiting first = flow.first();
    return quote(first.direction, first.operations, first.length, now);
  }

  private long quote(Direction direction, int operations, long length, long now) {
    long due = budget(direction).quote(operations, length, now);
    sumIsDue = sum.quote(operations, length, now);
    return sumIsDue - due > 0 ? sumIsDue : due;
  }

  /** Pays what was quoted last; returns the time that the scarcest limit takes for it. */
  private long debit(Direction direction) {
    Budget budget = budget(direction);
    budget.debit();
    sum.debit();
    return Math.max(budget.quotedNanos(), sum.quotedNanos());
  }

  private void setAlarm(long due, long now) {
    long at = due - now < SHORTEST_NAP ? now + SHORTEST_NAP : due;
    if (alarmIsSet && alarmAt - at <= 0) return;
    alarmIsSet = true;
    alarmAt = at;
    alarm.set(this, at);
  }

  private static void tell(@Nullable Waiting chain) {
    while (chain != null) {
      Waiting request = chain;
      chain = chain.next;
      request.next = null;
      request.passed();
    }
  }

  // ---- Details

  /** Threads read the clock before they have the lock: time does not go back for that. */
  private long advance(long nanoTime) {
    if (nanoTime - time > 0) time = nanoTime;
    return time;
  }

  private void count(
      LimitMember member, Direction direction, int operations, long length, int sign, long now) {
    member.traffic.passed(direction, operations, length, sign, now);
    traffic.passed(direction, operations, length, sign, now);
  }

  private Budget budget(Direction direction) {
    return direction == Direction.READ ? reads : writes;
  }

  private FairQueue queue(Direction direction) {
    return direction == Direction.WRITE && limits.limitADirection() ? writing : common;
  }

  private FairQueue other(FairQueue queue) {
    return queue == common ? writing : common;
  }

  private Flow flow(LimitMember member, FairQueue queue) {
    return queue == common ? member.common : member.writing;
  }
}
