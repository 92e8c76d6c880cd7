package dev.varve.core.inventory;

import static dev.varve.core.machine.MachineState.DELETING_SNAPSHOT;
import static dev.varve.core.machine.MachineState.DELETING_SNAPSHOT_ONLINE;
import static dev.varve.core.medium.ErrorCode.E_FAIL;
import static dev.varve.core.medium.ErrorCode.E_OUTOFMEMORY;
import static dev.varve.core.medium.ErrorCode.VBOX_E_NOT_SUPPORTED;

import dev.varve.core.journal.FileStep;
import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineState;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.FileIdentity;
import dev.varve.core.medium.HalfMergedException;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.ModelException;
import dev.varve.core.medium.Progress;
import dev.varve.core.settings.StateFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Work that takes as long as copying takes: deleting snapshots, merging, cloning. What cannot be is
 * refused before it begins; while it runs its media are locked, and the inventory goes on.
 */
final class LongWork {

  static final String DELETE_SNAPSHOT = "deleteSnapshot";
  static final String MERGE_MEDIUM = "mergeMedium";

  private final Outside outside;
  private final Ledger ledger;
  private final Jobs jobs;
  private final HostWait host;
  private volatile boolean closing;

  LongWork(Outside outside, Ledger ledger, Jobs jobs) {
    this.outside = outside;
    this.ledger = ledger;
    this.jobs = jobs;
    this.host = new HostWait(outside, ledger::lastState);
  }

  // ---- what can be asked for

  /**
   * @param last lets go of what the caller holds for this work; runs when the work has ended, well
   *     or not, and before anyone is told so. Not if this throws
   */
  Job deleteSnapshot(String session, SnapshotId snapshot, Runnable last) {
    return begun(
        () -> {
          ledger.follow(ledger.state().held(session).id());
          String doing = "delete a snapshot";
          MachineEntry entry =
              Sessions.writable(Sessions.anyStable(ledger.state(), session, doing), doing);
          return beginDeletion(entry.id(), snapshot, false);
        },
        last);
  }

  Job mergeMedium(MediumId source, MediumId target) {
    return begun(() -> beginMerge(source, target, false));
  }

  Job cloneMedium(MediumId id, Path location, ImageFormat format, MediumVariant variant) {
    return begun(() -> beginClone(id, location, format, variant));
  }

  /**
   * Does again what a run before this one did not finish; nothing, if it was finished since. What
   * is of a machine whose settings file cannot be read is left to a later run.
   */
  void resume(String line) throws IOException {
    String[] words = line.split(" ");
    UUID first = UUID.fromString(words[1]);
    UUID second = UUID.fromString(words[2]);
    InventoryState state = ledger.locked(ledger::state);
    try {
      switch (words[0]) {
        case DELETE_SNAPSHOT -> {
          MachineEntry entry = state.machines().get(new MachineId(first));
          SnapshotId snapshot = new SnapshotId(second);
          if (entry == null && !state.bad().isEmpty()) return;
          if (entry == null || entry.saved().snapshot(snapshot) == null)
            outside.store().forget(line);
          else begun(() -> beginDeletion(entry.id(), snapshot, true));
        }
        case MERGE_MEDIUM -> {
          MediumId source = new MediumId(first);
          MediumId target = new MediumId(second);
          boolean known = state.media().keySet().containsAll(List.of(source, target));
          if (!known && !state.bad().isEmpty()) return;
          if (!known) outside.store().forget(line);
          else begun(() -> beginMerge(source, target, true));
        }
        default -> throw new IllegalStateException("nobody knows how to finish '" + line + "'");
      }
    } catch (ModelException e) {
      // It stays in the journal for the next run, and among the jobs for people to see.
      ledger.locked(
          () -> {
            ledger.publish(ledger.state().withHalfMerged(perhapsChanged(words, ledger.state())));
            return null;
          });
      jobs.start(
          outside.newToken(),
          "finish '%s' of the run before".formatted(line),
          line,
          _ -> {
            throw e;
          });
    }
  }

  /** What the work of a line may have changed in a run before this one. */
  private static List<MediumId> perhapsChanged(String[] words, InventoryState state) {
    if (words[0].equals(MERGE_MEDIUM)) {
      MediumId target = MediumId.of(words[2]);
      boolean forward = state.chain(target).contains(state.medium(MediumId.of(words[1])));
      return forward ? List.of() : List.of(target);
    }
    List<MediumId> disks = new ArrayList<>();
    MachineEntry entry = state.machine(new MachineId(UUID.fromString(words[1])));
    Snapshot snapshot = Snapshots.find(entry.saved(), new SnapshotId(UUID.fromString(words[2])));
    for (Attachment attachment : snapshot.hardware().attachments())
      if (attachment.type() == DeviceType.HARD_DISK && attachment.medium() != null)
        disks.add(attachment.medium());
    return disks;
  }

  private Job begun(Supplier<Work> begin) {
    return begun(begin, () -> {});
  }

  private Job begun(Supplier<Work> begin, Runnable last) {
    Work work = ledger.locked(begin);
    return jobs.start(
        work.id,
        work.description,
        work.about,
        progress -> {
          try {
            work.run(progress);
          } finally {
            last.run();
          }
        });
  }

  // ---- beginnings, under the inventory's lock

  /**
   * @param again whether a run before this one may have done a part of it
   */
  private Work beginDeletion(MachineId machine, SnapshotId id, boolean again) {
    InventoryState state = ledger.state();
    MachineEntry entry = state.machine(machine);
    Snapshot snapshot = Snapshots.find(entry.saved(), id);
    if (id.equals(entry.saved().currentSnapshot()))
      state = Registries.claimed(state.with(entry.saving()), machine);
    state = seen(state, snapshot);
    boolean online = entry.state().isOnline();
    SnapshotDeletion deletion =
        SnapshotDeletion.plan(state, state.machine(machine), id, medium -> length(medium, online));
    for (Merge merge : deletion.merges()) merge.checkWhole(state);
    state = keeping(state, deletion.touched(state));

    Work work =
        new Work(
            "delete snapshot '%s' of machine '%s'".formatted(snapshot.name(), entry.name()),
            machine,
            deletion.merges(),
            again) {
          @Override
          InventoryState apply(InventoryState now) {
            return deletion.apply(now, outside.now());
          }

          @Override
          List<FileStep> steps(InventoryState now) {
            return deletion.steps(now);
          }
        };
    outside.store().checkCurrent(state, deletion.touched(state));
    InventoryState locked = work.lock(state, deletion.touched(state), MachineRuns.token(machine));
    outside.inspection().checkSteps(work.steps(state), work.description);
    checkRoom(state, deletion.merges());
    ledger.decide(state, List.of(), List.of(), null);
    work.begin(
        locked.with(
            locked.machine(machine).with(online ? DELETING_SNAPSHOT_ONLINE : DELETING_SNAPSHOT)),
        entry.state(),
        "%s %s %s".formatted(DELETE_SNAPSHOT, machine, id));
    return work;
  }

  private Work beginMerge(MediumId source, MediumId target, boolean again) {
    InventoryState state = ledger.state();
    Merge merge = MediaRegistry.merge(state, source, target);
    merge.checkWhole(state);
    state = outside.inspection().needs(state, merge.needed(state));
    String names =
        "'%s' into '%s'".formatted(state.medium(source).name(), state.medium(target).name());
    Work work =
        new Work("merge " + names, merge, List.of(merge), again) {
          @Override
          InventoryState apply(InventoryState now) {
            return merge.apply(now);
          }

          @Override
          List<FileStep> steps(InventoryState now) {
            return merge.steps(now);
          }
        };
    outside.store().checkCurrent(state, merge.touched(state));
    InventoryState locked = work.lock(state, merge.touched(state), null);
    outside.inspection().checkSteps(work.steps(state), work.description);
    checkRoom(state, List.of(merge));
    work.begin(locked, null, "%s %s %s".formatted(MERGE_MEDIUM, source, target));
    return work;
  }

  private Work beginClone(MediumId id, Path location, ImageFormat format, MediumVariant variant) {
    InventoryState state = ledger.state();
    Medium medium = state.medium(id);
    if (medium.device() != DeviceType.HARD_DISK)
      throw Refusal.of(
          VBOX_E_NOT_SUPPORTED,
          "'%s' is a %s image; copy its file",
          medium.name(),
          medium.device().text());
    if (state.halfMerged().contains(id)) throw NewDiff.halfMerged(medium);
    EncryptedMedia.refuse(state, id);
    List<Medium> chain = state.chain(id);
    state = outside.inspection().needs(state, chain);
    MediaRegistry.checkName(outside.images(), location, format);
    Medium copy =
        new Medium(
            outside.newMediumId(),
            MediaRegistry.free(state, location),
            format,
            DeviceType.HARD_DISK,
            MediumType.NORMAL,
            variant,
            null,
            state.medium(id).capacity(),
            false,
            Set.of(),
            "",
            Map.of(),
            null);
    Work work = new Copy("copy '%s' to '%s'".formatted(medium.name(), copy.name()), chain, copy);
    List<MediumLock> locks = new ArrayList<>();
    for (Medium read : chain)
      locks.add(new MediumLock(work.id, read.id(), false, MediumLock.Kind.JOB, work.description));
    work.begin(MediumLocks.take(state, locks, work.description, null), null, "");
    return work;
  }

  /** The state after a look at what a snapshot's disks are merged with. */
  private InventoryState seen(InventoryState state, Snapshot snapshot) {
    for (Attachment attachment : snapshot.hardware().attachments()) {
      if (attachment.type() != DeviceType.HARD_DISK || attachment.medium() == null) continue;
      for (Medium child : state.children(attachment.medium()))
        state = outside.inspection().needs(state, state.chain(child.id()));
    }
    return state;
  }

  /**
   * What attaching made and a merge changes holds more than nothing: a discard must not delete it.
   */
  private static InventoryState keeping(InventoryState state, Set<MediumId> touched) {
    for (MachineEntry entry : state.machines().values()) {
      Set<MediumId> implicit = new HashSet<>(entry.working().implicitMedia());
      implicit.retainAll(touched);
      if (!implicit.isEmpty()) state = state.with(entry.with(entry.working().keeping(implicit)));
    }
    return state;
  }

  private long length(Medium medium, boolean online) {
    try {
      return online
          ? Files.size(medium.location())
          : outside.inspection().inspect(medium).fileLength();
    } catch (IOException e) {
      throw Refusal.of(E_FAIL, "'%s' cannot be read".formatted(medium.name()), e);
    }
  }

  /** All that is copied may turn out to be new to where it goes. */
  private void checkRoom(InventoryState state, List<Merge> merges) {
    try {
      for (Merge merge : merges) {
        long needed = 0;
        for (Medium source : merge.sources(state)) needed += Files.size(source.location());
        Medium target = state.medium(merge.target());
        if (!Files.isRegularFile(target.location())) continue; // a device is as large as it is
        long room = outside.images().room(target.location()).bytes();
        if (room < needed)
          throw Refusal.of(
              E_OUTOFMEMORY,
              "merging into '%s' may take %d bytes and %d are free; make room first",
              target.name(),
              needed,
              room);
      }
    } catch (IOException e) {
      throw Refusal.of(E_FAIL, "the free space cannot be told", e);
    }
  }

  // ---- the work itself

  /** One piece of work, from its beginning to its end. */
  private abstract class Work implements Jobs.Body {
    final String id = outside.newToken();
    final String description;
    final Object about;
    private final List<Merge> merges;
    private final List<RunningDisks.LiveMerge> live = new ArrayList<>();
    private final boolean again;
    private @Nullable MachineState stateBefore;
    private StateFolder.@Nullable Change change;
    private String line = "";

    /** Targets that show something else already: with one of them the work has to be finished. */
    private final Set<MediumId> changed = new HashSet<>();

    Work(String description, Object about, List<Merge> merges, boolean again) {
      this.description = description;
      this.about = about;
      this.merges = merges;
      this.again = again;
    }

    /** The state once the work is done. */
    abstract InventoryState apply(InventoryState now);

    /** What is left to do with files once it is decided. */
    abstract List<FileStep> steps(InventoryState now);

    /** Files that the work makes, with the ids that they hold. */
    Map<Path, MediumId> creates() {
      return Map.of();
    }

    /** Notes which file will have a name that the work promised. */
    final void makes(Path name, FileIdentity file) throws IOException {
      StateFolder.Change begun = Objects.requireNonNull(change);
      try {
        ledger.locked(
            () -> {
              note(begun, name, file);
              return null;
            });
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
    }

    private static void note(StateFolder.Change begun, Path name, FileIdentity file) {
      try {
        begun.makes(name, file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    final InventoryState lock(
        InventoryState state, Set<MediumId> media, @Nullable String ignoring) {
      return MediumLocks.take(
          state,
          MediumLocks.writing(media, id, MediumLock.Kind.JOB, description),
          description,
          ignoring);
    }

    /**
     * @param before the state of the machine to go back to; null where there is no machine
     */
    final void begin(InventoryState state, @Nullable MachineState before, String unfinished) {
      stateBefore = before;
      line = unfinished;
      change = outside.store().begin(creates(), unfinished);
      for (Merge merge : merges)
        if (!merge.forward() && (again || state.halfMerged().contains(merge.target())))
          changed.add(merge.target());
      ledger.publish(state);
    }

    @Override
    public final void run(Progress progress) {
      try {
        work(progress);
        if (about instanceof MachineId machine) {
          host.forMachine(machine);
          host.forDisks(machine);
        }
        ledger.locked(
            () -> {
              end();
              return null;
            });
      } catch (IOException e) {
        giveUp();
        throw refusal(e);
      } catch (Throwable e) {
        giveUp();
        throw e;
      }
    }

    private RuntimeException refusal(IOException e) {
      boolean half = e instanceof HalfMergedException;
      IOException why = half && e.getCause() instanceof IOException cause ? cause : e;
      String left =
          changed.isEmpty() ? "" : ", of which a part is done: do it again when the reason is gone";
      return Refusal.of(E_FAIL, "cannot " + description + left, why);
    }

    void work(Progress progress) throws IOException {
      for (int i = 0; i < merges.size(); i++) {
        Merge merge = merges.get(i);
        int before = i;
        Progress part =
            (done, total) -> {
              boolean goOn =
                  progress.at(
                      before * 1000L + (total == 0 ? 0 : (long) (1000.0 * done / total)),
                      merges.size() * 1000L);
              return goOn || !changed.isEmpty();
            };
        try {
          if (!merge(merge, part)) throw new CancellationException(description + " was cancelled");
          if (!merge.forward()) changed.add(merge.target());
        } catch (CancellationException e) {
          throw e;
        } catch (HalfMergedException | RuntimeException | Error e) {
          if (!merge.forward()) changed.add(merge.target());
          throw e;
        }
      }
    }

    private boolean merge(Merge merge, Progress progress) throws IOException {
      InventoryState state = ledger.locked(ledger::state);
      Path source = state.medium(merge.source()).location();
      Path target = state.medium(merge.target()).location();
      Slot slot = slot(state, merge);
      if (slot == null) return outside.images().merge(merge.chain(state), source, target, progress);
      RunningDisks.LiveMerge merged =
          outside.disks().merge((MachineId) about, slot, source, target, progress);
      if (merged == null) return false;
      live.add(merged);
      return true;
    }

    /** Where a running machine has both media of a merge in use; null if nowhere. */
    private @Nullable Slot slot(InventoryState state, Merge merge) {
      if (!(about instanceof MachineId machine)) return null;
      MachineEntry entry = state.machine(machine);
      Run run = entry.run();
      if (run == null) return null;
      for (Attachment attachment : entry.working().hardware().attachments()) {
        if (attachment.medium() == null || run.leavesOut(attachment)) continue;
        List<MediumId> chain = state.chain(attachment.medium()).stream().map(Medium::id).toList();
        if (chain.containsAll(List.of(merge.source(), merge.target()))) return attachment.slot();
      }
      return null;
    }

    private void end() {
      InventoryState before = ledger.state();
      InventoryState released = released(before);
      InventoryState after = apply(released);
      StateFolder.Change begun = change;
      assert begun != null;
      try {
        Store.Ready ready = outside.store().prepare(begun, after, steps(released));
        if (live.isEmpty()) ready.decide();
        else outside.disks().finish((MachineId) about, live, ready::decide);
        ready.carryOut();
      } catch (IOException e) {
        throw refusal(e);
      }
      ledger.settle(
          about instanceof MachineId machine ? MachineRuns.relocked(after, machine) : after);
    }

    private InventoryState released(InventoryState state) {
      InventoryState released = state.withoutLocks(id);
      if (stateBefore == null || !(about instanceof MachineId machine)) return released;
      return released.with(released.machine(machine).with(stateBefore));
    }

    /**
     * Everything as it was; what is half merged down, and what the program's end stopped, is done
     * again by the next run at the latest.
     */
    private void giveUp() {
      ledger.locked(
          () -> {
            giveUpLocked();
            return null;
          });
    }

    private void giveUpLocked() {
      try {
        live.forEach(RunningDisks.LiveMerge::abandon);
      } finally {
        ledger.publish(released(ledger.state()).withHalfMerged(changed));
        boolean later = !changed.isEmpty() || closing && !line.isEmpty();
        if (change != null && later) change.postpone();
        else if (change != null) change.rollBack();
      }
    }
  }

  private final class Copy extends Work {
    private final List<Medium> chain;
    private final Medium copy;

    Copy(String description, List<Medium> chain, Medium copy) {
      super(description, copy.id(), List.of(), false);
      this.chain = chain;
      this.copy = copy;
    }

    @Override
    Map<Path, MediumId> creates() {
      return Map.of(copy.location(), copy.id());
    }

    @Override
    void work(Progress progress) throws IOException {
      boolean done =
          outside
              .images()
              .copy(
                  ImageChain.of(chain.reversed()),
                  copy.location(),
                  copy.id(),
                  copy.format(),
                  copy.variant(),
                  progress,
                  file -> makes(copy.location(), file));
      if (!done) throw new CancellationException(description + " was cancelled");
    }

    @Override
    InventoryState apply(InventoryState now) {
      return now.with(copy);
    }

    @Override
    List<FileStep> steps(InventoryState now) {
      return List.of();
    }
  }

  /** Ends the work on a machine's disks, or waits until it has ended. */
  void end(MachineId machine) {
    for (Job job : jobs.about(machine)) job.cancel();
    awaitEnd(jobs.about(machine));
  }

  /**
   * Ends all work, or waits until it has ended, no longer than {@code patience}. What can be done
   * again later is left in the journal for the next run.
   *
   * @return what has not ended, because the host does not answer
   */
  List<Job> close(Duration patience) {
    closing = true;
    List<Job> all = jobs.all();
    for (Job job : all) job.cancel();
    try {
      ended(all).get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException _) {
      // Those that run are told.
    }
    return all.stream().filter(job -> job.state() == Job.State.RUNNING).toList();
  }

  private static void awaitEnd(List<Job> jobs) {
    ended(jobs).join();
  }

  private static CompletableFuture<Void> ended(List<Job> jobs) {
    return CompletableFuture.allOf(
        jobs.stream()
            .map(job -> job.ended().toCompletableFuture().handle((_, _) -> null))
            .toArray(CompletableFuture<?>[]::new));
  }
}
