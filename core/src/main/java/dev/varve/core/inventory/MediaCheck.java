package dev.varve.core.inventory;

import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Looks at media that have not been looked at, in the background. A host that does not answer for
 * one of them keeps a thread here and nothing else: of each file system two media are looked at at
 * a time, so that one that hangs holds up neither the others nor other file systems. Thread safe.
 */
final class MediaCheck {

  private static final System.Logger LOG = System.getLogger(MediaCheck.class.getName());

  private static final int AT_A_TIME = 2;

  private final Transactions transactions;
  private final Inspection inspection;
  private final Executor threads;
  private final Function<Path, String> fileSystemOf;
  private final Map<String, FileSystem> fileSystems = new HashMap<>();
  private final Set<MediumId> known = new HashSet<>();

  private static final class FileSystem {
    final Queue<Medium> waiting = new ArrayDeque<>();
    int looking;
  }

  /**
   * @param threads may be kept for as long as a host does not answer
   * @param fileSystemOf names what a path lies on, without asking that
   */
  MediaCheck(
      Transactions transactions,
      Inspection inspection,
      Executor threads,
      Function<Path, String> fileSystemOf) {
    this.transactions = transactions;
    this.inspection = inspection;
    this.threads = threads;
    this.fileSystemOf = fileSystemOf;
  }

  /** Takes up all media of a state that have not been looked at. Does not block. */
  void takeUp(InventoryState state) {
    for (Medium medium : state.media().values()) if (!medium.isChecked()) takeUp(medium);
  }

  private synchronized void takeUp(Medium medium) {
    if (!known.add(medium.id())) return;
    FileSystem on =
        fileSystems.computeIfAbsent(fileSystemOf.apply(medium.location()), _ -> new FileSystem());
    on.waiting.add(medium);
    if (on.looking == AT_A_TIME) return;
    on.looking++;
    threads.execute(() -> lookAtAll(on));
  }

  private void lookAtAll(FileSystem on) {
    for (Medium medium = next(on); medium != null; medium = next(on)) {
      try {
        Medium asked = medium;
        Medium seen = inspection.look(asked);
        transactions.run(() -> note(asked, seen));
      } catch (RuntimeException e) {
        LOG.log(
            Level.ERROR,
            "'" + medium.name() + "' cannot be checked: internal error; this is a bug in Varve",
            e);
      }
    }
  }

  private synchronized @Nullable Medium next(FileSystem on) {
    Medium next = on.waiting.poll();
    if (next == null) on.looking--;
    return next;
  }

  /** What a request has found out meanwhile is newer. */
  private void note(Medium asked, Medium seen) {
    synchronized (this) {
      known.remove(asked.id());
    }
    InventoryState state = transactions.state();
    Medium now = state.media().get(asked.id());
    if (now == null || now.isChecked()) return;
    boolean same =
        now.location().equals(asked.location())
            && now.format().equals(asked.format())
            && Objects.equals(now.parent(), asked.parent());
    if (same)
      transactions.publish(
          state.with(
              now.withCapacity(seen.capacity())
                  .withVariant(seen.variant())
                  .withAccessError(seen.accessError())));
    else takeUp(now);
  }
}
