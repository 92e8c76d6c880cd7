package dev.varve.core.inventory;

import static dev.varve.core.machine.MachineState.DELETING_SNAPSHOT;
import static dev.varve.core.machine.MachineState.DELETING_SNAPSHOT_ONLINE;
import static dev.varve.core.medium.ErrorCode.E_FAIL;
import static dev.varve.core.medium.ErrorCode.E_INVALIDARG;
import static dev.varve.core.medium.ErrorCode.E_OUTOFMEMORY;
import static dev.varve.core.medium.ErrorCode.VBOX_E_FILE_ERROR;
import static dev.varve.core.medium.ErrorCode.VBOX_E_NOT_SUPPORTED;

import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.ModelException;
import dev.varve.core.medium.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What may be asked for that takes as long as copying takes: deleting snapshots, merging, cloning.
 * A request that cannot be met is refused before anything begins. While the {@link RunningWork}
 * goes on its media are locked, and the inventory serves other requests. Thread-safe.
 */
final class MediumJobs {

  private final Resources resources;
  private final Transactions transactions;
  private final Jobs jobs;
  private volatile boolean closing;

  MediumJobs(Resources resources, Transactions transactions, Jobs jobs) {
    this.resources = resources;
    this.transactions = transactions;
    this.jobs = jobs;
  }

  // ---- what can be asked for

  /**
   * @param last lets go of what the caller holds for this work; runs when the work has ended, well
   *     or not, and before the job says so. Not if this throws
   */
  Job deleteSnapshot(String session, SnapshotId snapshot, Runnable last) {
    return begun(
        () -> {
          transactions.follow(transactions.state().held(session).id());
          String doing = "delete a snapshot";
          MachineEntry entry =
              Sessions.writable(Sessions.anyStable(transactions.state(), session, doing), doing);
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

  Job importMachine(PackedMachine packed, @Nullable String name, boolean keepFormat) {
    try {
      if (packed.isCompressed()) return importedLater(packed, name, keepFormat);
      opened(packed, Progress.NONE);
      return begun(() -> beginImport(packed, name, keepFormat), () -> closed(packed));
    } catch (RuntimeException e) {
      closed(packed);
      throw e;
    }
  }

  /** What is in the package shows when it is unpacked, which is a part of the job. */
  private Job importedLater(PackedMachine packed, @Nullable String name, boolean keepFormat) {
    var made = new AtomicReference<@Nullable MachineId>();
    return jobs.start(
        resources.newToken(),
        "import '%s'".formatted(packed.file()),
        null,
        made::get,
        progress -> {
          try (packed) {
            opened(packed, new ProgressShare(progress, 0, 300));
            RunningWork work = transactions.locked(() -> beginImport(packed, name, keepFormat));
            work.run(new ProgressShare(progress, 300, 1000));
            made.set(work.makes());
          }
        });
  }

  private void opened(PackedMachine packed, Progress progress) {
    try {
      packed.open(resources.store().folder().machinesFolder(), progress);
    } catch (IOException e) {
      throw ModelErrors.of(
          VBOX_E_FILE_ERROR, "'%s' cannot be imported".formatted(packed.file()), e);
    }
  }

  private static void closed(PackedMachine packed) {
    try {
      packed.close();
    } catch (IOException e) {
      // It was only read.
    }
  }

  Job exportMachine(MachineId machine, @Nullable SnapshotId snapshot, MachinePacker packer) {
    return begun(
        () -> {
          transactions.follow(machine);
          return beginExport(machine, snapshot, packer);
        });
  }

  /**
   * Does again what a run before this one did not finish; nothing, if it was finished since. Work
   * of a machine whose settings file cannot be read is left to a later run.
   */
  void resume(Unfinished.Work unfinished) {
    InventoryState state = transactions.locked(transactions::state);
    try {
      if (isKnown(unfinished, state)) begun(() -> begin(unfinished));
      else if (state.bad().isEmpty() || isGone(unfinished, state))
        resources.store().forget(unfinished);
    } catch (ModelException e) {
      // It stays in the journal for the next run, and the list of jobs shows it.
      transactions.locked(
          () -> {
            Set<MediumId> changed = perhapsChanged(unfinished, transactions.state());
            transactions.publish(transactions.state().withHalfMerged(changed));
            return null;
          });
      jobs.start(
          resources.newToken(),
          "finish '%s' of the run before".formatted(unfinished.line()),
          null,
          _ -> {
            throw e;
          });
    }
  }

  /** Whether there is everything that the work is about. */
  private static boolean isKnown(Unfinished.Work unfinished, InventoryState state) {
    return switch (unfinished) {
      case Unfinished.DeleteSnapshot(MachineId machine, SnapshotId snapshot) -> {
        MachineEntry entry = state.machines().get(machine);
        yield entry != null && entry.saved().snapshot(snapshot) != null;
      }
      case Unfinished.MergeMedium(MediumId source, MediumId target) ->
          state.media().keySet().containsAll(List.of(source, target));
    };
  }

  /** Whether what the work is about is gone, whatever files that cannot be read say. */
  private static boolean isGone(Unfinished.Work unfinished, InventoryState state) {
    return switch (unfinished) {
      case Unfinished.DeleteSnapshot(MachineId machine, _) -> state.machines().containsKey(machine);
      case Unfinished.MergeMedium _ -> false;
    };
  }

  private RunningWork begin(Unfinished.Work unfinished) {
    return switch (unfinished) {
      case Unfinished.DeleteSnapshot(MachineId machine, SnapshotId snapshot) ->
          beginDeletion(machine, snapshot, true);
      case Unfinished.MergeMedium(MediumId source, MediumId target) ->
          beginMerge(source, target, true);
    };
  }

  /** What the work may have changed in a run before this one. */
  private static Set<MediumId> perhapsChanged(Unfinished.Work unfinished, InventoryState state) {
    return switch (unfinished) {
      case Unfinished.MergeMedium(MediumId source, MediumId target) -> {
        boolean forward = state.chain(target).contains(state.medium(source));
        yield forward ? Set.of() : Set.of(target);
      }
      case Unfinished.DeleteSnapshot(MachineId machine, SnapshotId id) -> {
        Set<MediumId> disks = new HashSet<>();
        Snapshot snapshot = Snapshots.find(state.machine(machine).saved(), id);
        for (Attachment attachment : snapshot.hardware().attachments())
          if (attachment.type() == DeviceType.HARD_DISK && attachment.medium() != null)
            disks.add(attachment.medium());
        yield disks;
      }
    };
  }

  private Job begun(Supplier<RunningWork> begin) {
    return begun(begin, () -> {});
  }

  private Job begun(Supplier<RunningWork> begin, Runnable last) {
    RunningWork work = transactions.locked(begin);
    return jobs.start(
        work.id(),
        work.description(),
        work.machine(),
        work::makes,
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
  private RunningWork beginDeletion(MachineId machine, SnapshotId id, boolean again) {
    InventoryState state = transactions.state();
    MachineEntry entry = state.machine(machine);
    Snapshot snapshot = Snapshots.find(entry.saved(), id);
    if (id.equals(entry.saved().currentSnapshot()))
      state = Registries.claimed(state.with(entry.saving()), machine);
    state = seen(state, snapshot);
    boolean online = entry.state().isOnline();
    SnapshotDeletion deletion =
        SnapshotDeletion.plan(state, state.machine(machine), id, medium -> length(medium, online));
    for (PendingMerge merge : deletion.merges()) merge.checkWhole(state);
    state = keeping(state, deletion.touched(state));

    var merges =
        new MergeWork(
            "delete snapshot '%s' of machine '%s'".formatted(snapshot.name(), entry.name()),
            machine,
            deletion.merges(),
            now -> deletion.apply(now, resources.now()),
            deletion::steps);
    RunningWork work = running(merges);
    resources.store().checkCurrent(state, deletion.touched(state));
    InventoryState locked = work.lock(state, deletion.touched(state), MediumLock.ofRun(machine));
    resources.inspection().checkSteps(deletion.steps(state), work.description());
    checkRoom(state, deletion.merges());
    transactions.decide(state, List.of(), List.of(), null);
    merges.begin(locked, again);
    work.begin(
        locked.with(
            locked.machine(machine).with(online ? DELETING_SNAPSHOT_ONLINE : DELETING_SNAPSHOT)),
        entry.state(),
        new Unfinished.DeleteSnapshot(machine, id));
    return work;
  }

  private RunningWork beginMerge(MediumId source, MediumId target, boolean again) {
    InventoryState state = transactions.state();
    PendingMerge merge = Media.merge(state, source, target);
    merge.checkWhole(state);
    state = resources.inspection().needs(state, merge.needed(state));
    String names =
        "'%s' into '%s'".formatted(state.medium(source).name(), state.medium(target).name());
    var merges = new MergeWork("merge " + names, null, List.of(merge), merge::apply, merge::steps);
    RunningWork work = running(merges);
    resources.store().checkCurrent(state, merge.touched(state));
    InventoryState locked = work.lock(state, merge.touched(state), null);
    resources.inspection().checkSteps(merge.steps(state), work.description());
    checkRoom(state, List.of(merge));
    merges.begin(locked, again);
    work.begin(locked, null, new Unfinished.MergeMedium(source, target));
    return work;
  }

  private RunningWork beginClone(
      MediumId id, Path location, ImageFormat format, MediumVariant variant) {
    InventoryState state = transactions.state();
    Medium medium = state.medium(id);
    if (medium.device() != DeviceType.HARD_DISK)
      throw ModelErrors.of(
          VBOX_E_NOT_SUPPORTED,
          "'%s' is a %s image; copy its file",
          medium.name(),
          medium.device().text());
    if (variant == MediumVariant.STREAM_OPTIMIZED && format != ImageFormat.VMDK)
      throw ModelErrors.of(
          E_INVALIDARG,
          "only an image of the format VMDK can be %s, not %s",
          variant.text(),
          format);
    if (state.halfMerged().contains(id)) throw NewDiff.halfMerged(medium);
    EncryptedMedia.refuse(state, id);
    List<Medium> chain = state.chain(id);
    state = resources.inspection().needs(state, chain);
    Media.checkName(resources.images(), location, format);
    Medium copy =
        new Medium(
            resources.newMediumId(),
            Media.free(state, location),
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
    RunningWork work =
        running(
            new CopyWork("copy '%s' to '%s'".formatted(medium.name(), copy.name()), chain, copy));
    work.begin(work.lockToRead(state, chain), null, null);
    return work;
  }

  private RunningWork beginImport(PackedMachine packed, @Nullable String name, boolean keepFormat) {
    InventoryState state = transactions.state();
    ImportWork planned = new Imports(resources).plan(state, packed, name, keepFormat);
    RunningWork work = running(planned);
    work.begin(state, null, new Unfinished.Import(planned.folder()));
    return work;
  }

  private RunningWork beginExport(
      MachineId machine, @Nullable SnapshotId snapshot, MachinePacker packer) {
    InventoryState state = transactions.state();
    Exports.Planned planned =
        new Exports(resources).plan(state, state.machine(machine), snapshot, packer);
    RunningWork work = running(planned.work());
    work.begin(work.lockToRead(planned.state(), planned.read()), null, null);
    return work;
  }

  private RunningWork running(Work work) {
    return new RunningWork(resources, transactions, work, () -> closing);
  }

  /** The state after a look at what a snapshot's disks are merged with. */
  private InventoryState seen(InventoryState state, Snapshot snapshot) {
    for (Attachment attachment : snapshot.hardware().attachments()) {
      if (attachment.type() != DeviceType.HARD_DISK || attachment.medium() == null) continue;
      for (Medium child : state.children(attachment.medium()))
        state = resources.inspection().needs(state, state.chain(child.id()));
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
      return online ? fileLength(medium) : resources.inspection().inspect(medium).fileLength();
    } catch (IOException e) {
      throw ModelErrors.of(E_FAIL, "'%s' cannot be read".formatted(medium.name()), e);
    }
  }

  /** Of all its files. */
  private long fileLength(Medium medium) throws IOException {
    long length = 0;
    for (Path file : resources.images().files(medium.location(), medium.format()))
      length += Files.size(file);
    return length;
  }

  /** All that is copied may turn out to be new to where it goes. */
  private void checkRoom(InventoryState state, List<PendingMerge> merges) {
    try {
      for (PendingMerge merge : merges) {
        long needed = 0;
        for (Medium source : merge.sources(state)) needed += fileLength(source);
        Medium target = state.medium(merge.target());
        if (!Files.isRegularFile(target.location())) continue; // a device is as large as it is
        long room = resources.images().room(target.location()).bytes();
        if (room < needed)
          throw ModelErrors.of(
              E_OUTOFMEMORY,
              "merging into '%s' may take %d bytes and %d are free; make room first",
              target.name(),
              needed,
              room);
      }
    } catch (IOException e) {
      throw ModelErrors.of(E_FAIL, "the free space is unknown", e);
    }
  }

  // ---- ends

  /** Ends the work on a machine's disks, or waits until it has ended. */
  void end(MachineId machine) {
    for (Job job : jobs.of(machine)) job.cancel();
    awaitEnd(jobs.of(machine));
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
      // The caller names those that still run.
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
