package dev.varve.core.inventory;

import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Taking locks on media: all that are wanted, or none. No call waits for a lock. */
final class MediumLocks {

  private MediumLocks() {}

  /**
   * The state with all of {@code wanted}.
   *
   * @param doing for the message: {@code start machine 'mail'}; empty if the message says it
   * @param ignoring the token of the caller, whose own locks are no obstacle; null for none
   * @throws dev.varve.core.medium.ModelException VBOX_E_INVALID_OBJECT_STATE, naming each lock and
   *     its holder
   */
  static InventoryState take(
      InventoryState state,
      Collection<MediumLock> wanted,
      String doing,
      @Nullable String ignoring) {
    List<MediumLock> taken = new ArrayList<>();
    for (MediumLock lock : wanted) {
      for (MediumLock other : state.locksOn(lock.medium()))
        if (!other.token().equals(ignoring)) check(state, lock, other, doing);
      for (MediumLock other : taken)
        if (other.medium().equals(lock.medium())) check(state, lock, other, doing);
      taken.add(lock);
    }
    return state.withLocks(taken);
  }

  private static void check(InventoryState state, MediumLock lock, MediumLock other, String doing) {
    if (!lock.write() && !other.write()) return;
    throw Blockers.refusal(
        ErrorCode.VBOX_E_INVALID_OBJECT_STATE,
        Blockers.of(state, other),
        "%s'%s' is needed for %s, and %s holds it for %s; end that first",
        doing.isEmpty() ? "" : "cannot %s: ".formatted(doing),
        state.medium(lock.medium()).name(),
        lock.write() ? "writing" : "reading",
        other.holder(),
        other.write() ? "writing" : "reading");
  }

  /** Refuses where another holder writes to one of {@code media}. */
  static void needReading(
      InventoryState state, List<Medium> media, String doing, @Nullable String ignoring) {
    List<MediumLock> locks =
        media.stream()
            .map(m -> new MediumLock("", m.id(), false, MediumLock.Kind.CALLER, ""))
            .distinct()
            .toList();
    take(state, locks, doing, ignoring);
  }

  /** Refuses where a medium is held at all. */
  static void needFree(InventoryState state, Medium medium, String doing) {
    MediumLock lock = new MediumLock("", medium.id(), true, MediumLock.Kind.CALLER, "");
    take(state, List.of(lock), doing, null);
  }

  /** Refuses where a job is about to change a medium, or to use it up. */
  static void needNoJob(InventoryState state, Medium medium, String doing) {
    for (MediumLock lock : state.locksOn(medium.id()))
      if (lock.kind() == MediumLock.Kind.JOB && lock.write())
        throw ModelErrors.of(
            ErrorCode.VBOX_E_OBJECT_IN_USE,
            "cannot %s: %s works on '%s'; wait until it has ended",
            doing,
            lock.holder(),
            medium.name());
  }

  /** Locks of one kind on many media. */
  static List<MediumLock> writing(
      Set<MediumId> media, String token, MediumLock.Kind kind, String holder) {
    return media.stream().map(id -> new MediumLock(token, id, true, kind, holder)).toList();
  }
}
