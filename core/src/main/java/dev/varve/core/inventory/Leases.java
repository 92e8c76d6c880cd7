package dev.varve.core.inventory;

import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.ModelException;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.List;

/**
 * Ends what holders have left that gave no sign of life for as long as their leases are. For
 * callers that hold the inventory's lock.
 */
final class Leases {

  private static final System.Logger LOG = OperationLog.of(Leases.class);

  private final Transactions transactions;
  private final Resources resources;

  Leases(Transactions transactions, Resources resources) {
    this.transactions = transactions;
    this.resources = resources;
  }

  /** The lease of a session, or of the locks of a token, begins anew. */
  void renew(String token) {
    Instant now = resources.now();
    InventoryState state = Sessions.renew(transactions.state(), token, now);
    List<MediumLock> renewed =
        state.locksOf(token).stream().map(lock -> lock.renewedAt(now)).toList();
    transactions.publish(renewed.isEmpty() ? state : state.withoutLocks(token).withLocks(renewed));
  }

  /** The sessions of a machine whose leases have ended. Any thread. */
  List<Session> expired(MachineEntry entry) {
    if (!Sessions.isStable(entry) || entry.state().isTransient()) return List.of(); // needed, yet
    Instant now = resources.now();
    return entry.sessions().stream().filter(session -> session.hold().hasExpired(now)).toList();
  }

  void endExpiredSessions(MachineId machine) {
    MachineEntry entry = transactions.state().machines().get(machine);
    if (entry != null) for (Session session : expired(entry)) end(session, entry);
  }

  void giveUpExpiredLocks() {
    Instant now = resources.now();
    for (MediumLock lock : transactions.state().locks()) if (lock.hasExpired(now)) giveUp(lock);
  }

  private void end(Session session, MachineEntry entry) {
    try {
      InventoryState state = transactions.state();
      if (!state.machine(session.machine()).sessions().contains(session)) return;
      MachineId machine = session.machine();
      boolean modified = state.machine(machine).working().modified();
      transactions.carryOut(
          Sessions.unlock(state, session.id()), machine, MachineRuns.Unservable.LEFT_OUT);
      LOG.log(
          Level.WARNING,
          "machine ''{0}'': the session of {1} has ended, since nothing was heard of its holder for"
              + " {2} s{3}",
          entry.name(),
          session.hold(),
          seconds(session.hold()),
          modified ? "; its unsaved changes are discarded" : "");
    } catch (ModelException e) {
      // What it holds is in use: it ends when that does.
      LOG.log(
          Level.DEBUG, "the session of {0} cannot end yet: {1}", session.hold(), e.getMessage());
    }
  }

  private void giveUp(MediumLock lock) {
    Hold hold = lock.hold();
    if (hold == null) return;
    transactions.publish(transactions.state().withoutLocks(lock.token()));
    LOG.log(
        Level.WARNING,
        "medium ''{0}'': the lock of {1} is given up, since nothing was heard of its holder for {2} s",
        transactions.state().medium(lock.medium()).name(),
        hold,
        seconds(hold));
  }

  private static String seconds(Hold hold) {
    return hold.lease() == null ? "0" : Long.toString(hold.lease().toSeconds());
  }
}
