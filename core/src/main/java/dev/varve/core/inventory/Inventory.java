package dev.varve.core.inventory;

import dev.varve.core.inventory.MachineRuns.Unservable;
import dev.varve.core.journal.FileStep;
import dev.varve.core.journal.HostFiles;
import dev.varve.core.journal.Kept;
import dev.varve.core.journal.Troubles;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.ControllerType;
import dev.varve.core.machine.LockType;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.machine.StorageBus;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumState;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.ModelException;
import dev.varve.core.settings.StateFolder;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The machines and media of a state folder, and everything that may be asked of them.
 *
 * <p><b>Threads.</b> Called by one thread at a time, and each call may block for disk I/O; only
 * {@link #view}, {@link Job}, {@link #unlock}, {@link #start} and {@link #powerDown} may be used by
 * any thread at any time. Jobs, starts and power-downs take the inventory's lock for their first
 * and last moments only: a machine whose disks cannot be opened or closed, because a file system
 * does not answer, keeps no other waiting.
 *
 * <p><b>Failures.</b> A call that throws {@link dev.varve.core.medium.ModelException} has changed
 * nothing: not the inventory, the settings files or the disks. After a crash the state is the one
 * before the call or the one after it.
 *
 * <p><b>Sessions.</b> Calls that change a machine name a {@link Session} by its id; there the
 * working copy changes, until {@link #save} or {@link #discard}.
 */
public final class Inventory implements AutoCloseable {

  private static final System.Logger LOG = OperationLog.of(Inventory.class);

  private final News news;
  private final Resources resources;
  private final Transactions transactions;
  private final Jobs jobs;
  private final MediumJobs work;
  private final MachineRuns runs;
  private final MachinePower power;
  private final Machines machines;
  private final Media media;
  private final Resizing resizing;
  private final Attaching attaching;
  private final Snapshots snapshots;
  private final Leases leases;
  private final HostWait host;
  private volatile boolean closed;

  private Inventory(News news, Resources resources, Transactions transactions, Jobs jobs) {
    this.news = news;
    this.resources = resources;
    this.transactions = transactions;
    this.jobs = jobs;
    runs = new MachineRuns(resources);
    work = new MediumJobs(resources, transactions, jobs);
    power = new MachinePower(resources, transactions, work);
    machines = new Machines(resources);
    media = new Media(resources);
    resizing = new Resizing(resources);
    attaching = new Attaching(resources);
    snapshots = new Snapshots(resources);
    leases = new Leases(transactions, resources);
    host = new HostWait(resources, transactions::lastState);
  }

  private static Inventory of(
      StateFolder folder, Ports ports, Warnings warnings, InventoryState state) {
    var news = new News();
    var resources =
        new Resources(
            ports,
            new Store(folder, ports.images(), warnings, state),
            new Inspection(ports.images(), folder.moved()),
            warnings);
    return new Inventory(
        news,
        resources,
        new Transactions(resources, new MachineRuns(resources), news, state),
        new Jobs(ports.jobs(), ports.bugs(), ports.clock(), news));
  }

  /**
   * Opens the inventory of a state folder, and finishes or undoes what a crash left half done.
   *
   * @throws IOException if the folder cannot be read, or another process has it. A machine whose
   *     settings file is damaged is no reason, see {@link View#bad}
   */
  public static Inventory open(Path stateFolder, Ports ports) throws IOException {
    return open(stateFolder, ports, HostFiles.REAL);
  }

  /**
   * The same.
   *
   * @param files how the state folder and settings files are changed
   */
  static Inventory open(Path stateFolder, Ports ports, HostFiles files) throws IOException {
    var warnings = new Warnings(ports.clock());
    StateFolder folder = StateFolder.open(stateFolder, ports.images(), showing(warnings), files);
    try {
      Inventory inventory = of(folder, ports, warnings, Loading.load(folder));
      inventory.finishUnfinished();
      inventory.tellOfKept();
      for (View.BadMachine bad : inventory.view().bad())
        LOG.log(
            Level.WARNING,
            "the machine of {0} is listed and cannot be used: {1}",
            bad.settingsFile(),
            bad.why());
      return inventory;
    } catch (Throwable e) {
      folder.close();
      throw e;
    }
  }

  private static Troubles showing(Warnings warnings) {
    return new Troubles() {
      @Override
      public void stuck(Map<Path, String> files) {
        Map<String, String> texts = new LinkedHashMap<>();
        files.forEach((file, text) -> texts.put(file.toString(), text));
        warnings.replace(Warnings.Kind.STUCK_STEP, texts);
      }

      @Override
      public void folder(Path folder, @Nullable String why) {
        if (why == null) warnings.clear(Warnings.Kind.STATE_FOLDER, folder.toString());
        else warnings.raise(Warnings.Kind.STATE_FOLDER, folder.toString(), why);
      }

      @Override
      public void kept(Kept kept) {
        tell(kept, warnings);
      }
    };
  }

  /** The present state; any thread. */
  public View view() {
    return transactions.view();
  }

  /**
   * Runs {@code listener} after each change of the {@link #view} or of a job, as long as the
   * inventory is open. It runs in the thread that made the change, which may hold the lock of the
   * inventory: it must not wait, and call nothing of the inventory that may.
   */
  public void onNews(Runnable listener) {
    news.tellTo(listener);
  }

  /**
   * Waits until something can be changed.
   *
   * @return false if that cannot be by then, because a change waits for the host
   */
  public boolean comesTurn(Duration patience) {
    return transactions.lockedWithin(patience, () -> {});
  }

  /**
   * Checks whether the state folder can be written, and tries again what could not be done before.
   * Call it every few seconds, from a thread that may wait for a file system.
   */
  public void tend() {
    if (closed) return;
    lookAtDisks();
    StateFolder folder = resources.store().folder();
    folder.look();
    if (!folder.isAnythingLeft()) return;
    transactions.run(
        () -> {
          if (!closed) folder.retry();
        });
  }

  private void lookAtDisks() {
    Map<String, String> texts = new LinkedHashMap<>();
    resources
        .disks()
        .broken()
        .forEach((disk, why) -> texts.put(disk, "disk '%s' is broken: %s".formatted(disk, why)));
    warnings().replace(Warnings.Kind.BROKEN_DISK, texts);
  }

  /**
   * Looks at media that have not been looked at, in the background, from now on. Until then they
   * are in state NotChecked.
   *
   * @param threads run without end where a host does not answer, and are not waited for
   * @param fileSystemOf names what a path lies on without asking that: a host that does not answer
   *     for one file system holds up no other
   */
  public void checkMedia(Executor threads, Function<Path, String> fileSystemOf) {
    transactions.showTo(
        new MediaCheck(transactions, resources.inspection(), threads, fileSystemOf)::takeUp);
  }

  /**
   * What calls would do. They are made to an inventory that is as this one is now, whose files and
   * running disks only note what is asked of them: nothing changes and nothing stays locked. Any
   * thread; may block.
   *
   * @param calls throw what the real calls would, which is passed on; a job is done when its call
   *     returns
   */
  public Preview rehearse(Consumer<Inventory> calls) {
    var effects = new RehearsedEffects(resources.images());
    var rehearsal =
        transactions.locked(() -> new Rehearsal(resources, transactions, jobs, effects));
    var copy =
        new Inventory(
            new News(), rehearsal.resources(), rehearsal.transactions(), rehearsal.jobs());
    return rehearsal.preview(() -> calls.accept(copy));
  }

  /** What is wrong at the moment; any thread. */
  public Warnings warnings() {
    return resources.warnings();
  }

  /** Looks at what lies in media; any thread. */
  public MediumContents contents() {
    return new MediumContents(this::view, resources.images(), resources.disks());
  }

  /** All jobs of this run that are running, and the last hundred that ended. */
  public List<Job> jobs() {
    return jobs.all();
  }

  // ---- machines and sessions

  /** Makes a machine without controllers, registered and saved. */
  public MachineId createMachine(String name) {
    return transactions.locked(
        () -> {
          Machine machine = machines.create(transactions.state(), name);
          transactions.decide(state -> state.with(MachineEntry.of(machine)));
          return machine.id();
        });
  }

  /** Registers the machine of a settings file; one that is registered is found again. */
  public MachineId openMachine(Path settingsFile) {
    return locked(
        HostPlaces.files(settingsFile),
        () -> {
          try {
            return open(settingsFile);
          } catch (RuntimeException e) {
            resources.store().folder().releaseUnlisted();
            throw e;
          }
        });
  }

  private MachineId open(Path settingsFile) {
    Machines.Opened opened = machines.open(transactions.state(), settingsFile);
    if (opened.state() == transactions.state()) transactions.followIfPossible(opened.machine());
    else {
      resources.store().keep(opened.state(), opened.machine()); // opening writes no such file
      transactions.decide(_ -> opened.state());
    }
    return opened.machine();
  }

  /**
   * Makes a machine of a package: registered and saved, with new images in its own folder. Nothing
   * is left of one that fails. What can be seen to fail at once is refused at once.
   *
   * @param packed closed by the job, also if this throws
   * @param name null for that of the package, with a number behind it if there is such a machine
   * @param keepFormat whether the disks become VMDK images, and not VDI
   */
  public Job importMachine(PackedMachine packed, @Nullable String name, boolean keepFormat) {
    HostPlaces.files(packed.file()).await(host);
    return work.importMachine(packed, name, keepFormat);
  }

  /**
   * Puts a machine into a package, which appears whole or not at all.
   *
   * @param snapshot null for the current state of a machine that is powered off
   */
  public Job exportMachine(MachineId machine, @Nullable SnapshotId snapshot, MachinePacker packer) {
    HostPlaces.machine(machine).and(HostPlaces.files(packer.file())).await(host);
    return work.exportMachine(machine, snapshot, packer);
  }

  /** What a user should know of a machine's settings file although it is used, a line each. */
  public List<String> remarks(MachineId machine) {
    return locked(
        HostPlaces.machine(machine),
        () -> {
          Path file = transactions.state().machine(machine).saved().settingsFile();
          return resources.store().folder().remarks(file);
        });
  }

  /** Forgets a machine; its files stay. Returns the media that the mode says. */
  public List<MediumId> unregister(MachineId machine, UnregisterMode mode) {
    return locked(
        HostPlaces.machine(machine),
        () -> {
          List<MediumId> returned = Machines.returned(transactions.state(), machine, mode);
          transactions.decide(state -> Machines.unregister(state, machine, mode));
          return returned;
        });
  }

  /**
   * Takes a machine off the list whose settings file cannot be used, and gives up what the journal
   * keeps for it. All files stay.
   *
   * @param settingsFile as {@link View.BadMachine} has it
   */
  public Unlisted unlist(Path settingsFile) {
    return transactions.locked(
        () -> BrokenMachineRemoval.of(settingsFile, resources.store(), transactions));
  }

  /**
   * Reads a machine's settings file again where another program has changed it.
   *
   * @param discard whether changes that a session has not saved are thrown away
   * @return whether there were such changes
   */
  public boolean reload(MachineId machine, boolean discard) {
    return locked(HostPlaces.machine(machine), () -> transactions.reload(machine, discard));
  }

  /**
   * Looks whether other programs have changed settings files, and reads those again that nothing
   * contradicts; the others are among the warnings then, and disks that are broken. Any thread;
   * does little while the inventory is busy.
   */
  public void look() {
    lookAtDisks();
    transactions.look(view().machines().values());
  }

  /** The same for the machines of this name or uuid; for all, if none has it. */
  public void look(String nameOrId) {
    List<View.MachineView> named = view().machines(nameOrId);
    transactions.look(named.isEmpty() ? view().machines().values() : named);
  }

  /** Holds a machine for this program, until {@link #unlock}. */
  public Session lock(MachineId machine, LockType type) {
    return lock(machine, type, Hold.Holder.THIS_PROGRAM);
  }

  /** Holds a machine until {@link #unlock}, or until the holder's lease ends. */
  public Session lock(MachineId machine, LockType type, Hold.Holder holder) {
    HostPlaces.machine(machine).await(host);
    MachineEntry locked = transactions.lastState().machines().get(machine);
    if (locked != null) awaitHostOfExpired(locked);
    return transactions.locked(
        () -> {
          leases.endExpiredSessions(machine);
          transactions.follow(machine);
          Instant now = resources.now();
          var session = new Session(resources.newToken(), machine, type, holder.begin(now));
          transactions.publish(Sessions.lock(transactions.state(), session));
          return session;
        });
  }

  /** The holder of a session lives; its lease begins anew. */
  public void renew(String session) {
    transactions.run(() -> leases.renew(session));
  }

  /**
   * Ends the sessions and gives up the locks of media whose leases have ended, and logs each. Call
   * it now and then.
   */
  public void endExpired() {
    for (MachineEntry entry : transactions.lastState().machines().values()) {
      if (!awaitHostOfExpired(entry)) continue;
      transactions.run(() -> leases.endExpiredSessions(entry.id()));
    }
    transactions.run(() -> leases.giveUpExpiredLocks());
  }

  /** Returns whether sessions of the machine have expired, whose end then touches its files. */
  private boolean awaitHostOfExpired(MachineEntry entry) {
    List<Session> expired = leases.expired(entry);
    expired.forEach(session -> HostPlaces.session(session.id()).await(host));
    return !expired.isEmpty();
  }

  /** Ends a session; changes that were not saved are discarded. */
  public void unlock(String session) {
    transactions.changeBack(session, state -> Sessions.unlock(state, session));
  }

  public void save(String session) {
    run(
        HostPlaces.session(session),
        () -> {
          transactions.follow(transactions.state().held(session).id());
          transactions.decide(state -> Sessions.save(state, session));
        });
  }

  public void discard(String session) {
    transactions.changeBack(session, state -> Sessions.discard(state, session));
  }

  // ---- controllers

  /**
   * @param type null for the default of the bus
   */
  public void addController(
      String session, String name, StorageBus bus, @Nullable ControllerType type) {
    transactions.change(session, state -> Controllers.add(state, session, name, bus, type));
  }

  public void removeController(String session, String name) {
    transactions.change(session, state -> Controllers.remove(state, session, name));
  }

  public void renameController(String session, String name, String newName) {
    transactions.change(session, state -> Controllers.rename(state, session, name, newName));
  }

  public void setControllerType(String session, String name, ControllerType type) {
    transactions.change(session, state -> Controllers.setType(state, session, name, type));
  }

  public void setPortCount(String session, String name, int ports) {
    transactions.change(session, state -> Controllers.setPortCount(state, session, name, ports));
  }

  public void setBootable(String session, String name, boolean value) {
    transactions.change(session, state -> Controllers.setBootable(state, session, name, value));
  }

  public void setUseHostIoCache(String session, String name, boolean value) {
    transactions.change(
        session, state -> Controllers.setUseHostIoCache(state, session, name, value));
  }

  // ---- attachments

  /**
   * @param medium null for an empty drive
   */
  public void attach(String session, Slot slot, DeviceType type, @Nullable MediumId medium) {
    HostPlaces disks = HostPlaces.disks(session);
    change(
        medium == null ? disks : disks.and(HostPlaces.medium(medium)),
        session,
        state -> attaching.attach(state, session, slot, type, medium));
  }

  public void detach(String session, Slot slot) {
    change(HostPlaces.disks(session), session, state -> Detaching.detach(state, session, slot));
  }

  /**
   * @param medium null to unmount
   */
  public void mount(String session, Slot slot, @Nullable MediumId medium) {
    HostPlaces disks = HostPlaces.disks(session);
    change(
        medium == null ? disks : disks.and(HostPlaces.medium(medium)),
        session,
        state -> Devices.mount(state, session, slot, medium));
  }

  public void setPassthrough(String session, Slot slot, boolean value) {
    transactions.change(session, state -> Devices.setPassthrough(state, session, slot, value));
  }

  public void setTemporaryEject(String session, Slot slot, boolean value) {
    transactions.change(session, state -> Devices.setTemporaryEject(state, session, slot, value));
  }

  public void setNonRotational(String session, Slot slot, boolean value) {
    transactions.change(session, state -> Devices.setNonRotational(state, session, slot, value));
  }

  public void setDiscard(String session, Slot slot, boolean value) {
    transactions.change(session, state -> Devices.setDiscard(state, session, slot, value));
  }

  public void setHotPluggable(String session, Slot slot, boolean value) {
    transactions.change(session, state -> Devices.setHotPluggable(state, session, slot, value));
  }

  /**
   * @param group null for none
   */
  public void setBandwidthGroup(String session, Slot slot, @Nullable String group) {
    transactions.change(session, state -> Devices.setBandwidthGroup(state, session, slot, group));
  }

  // ---- bandwidth groups

  public void createBandwidthGroup(String session, BandwidthGroup group) {
    transactions.change(session, state -> BandwidthGroups.create(state, session, group));
  }

  public void deleteBandwidthGroup(String session, String name) {
    transactions.change(session, state -> BandwidthGroups.delete(state, session, name));
  }

  /** Replaces the limits of the group of this name; in a running machine at once. */
  public void setBandwidthLimits(String session, BandwidthGroup group) {
    transactions.change(session, state -> BandwidthGroups.setLimits(state, session, group));
  }

  // ---- snapshots

  public SnapshotId takeSnapshot(String session, String name, String description) {
    return locked(
        HostPlaces.disks(session),
        () -> {
          MachineId machine = transactions.state().held(session).id();
          transactions.follow(machine);
          Snapshots.Change change =
              snapshots.take(transactions.state(), session, name, description);
          transactions.decide(
              MachineRuns.relocked(change.after(), machine),
              change.diffs(),
              change.steps(),
              runs.moment(transactions.state(), machine, change.tops()));
          return change.snapshot();
        });
  }

  public void restoreSnapshot(String session, SnapshotId snapshot) {
    run(
        HostPlaces.session(session),
        () -> {
          transactions.follow(transactions.state().held(session).id());
          Snapshots.Change change = snapshots.restore(transactions.state(), session, snapshot);
          transactions.decide(change.after(), change.diffs(), change.steps(), null);
        });
  }

  /**
   * Forgets the saved memory of a machine, which then is powered off.
   *
   * @return what became of the file
   */
  public DiscardedState discardState(String session) {
    return locked(
        HostPlaces.session(session),
        () -> {
          transactions.follow(transactions.state().held(session).id());
          InventoryState before = transactions.state();
          MachineEntry entry = Sessions.saved(before, session, "discard the saved state");
          InventoryState after = before.with(entry.with(entry.saved().withStateFile(null)));
          List<FileStep> steps = SavedStates.unneeded(before, after);
          DiscardedState discarded = SavedStates.discarded(entry.saved(), after, steps);
          transactions.decide(after, List.of(), steps, null);
          return discarded;
        });
  }

  /** Refuses at once what cannot be; the merges then are the job's work. */
  public Job deleteSnapshot(String session, SnapshotId snapshot) {
    return deleteSnapshot(session, snapshot, () -> {});
  }

  /**
   * The same for a caller that holds something for the job, such as the session.
   *
   * @param last lets go of it, without failing: runs on the job's thread when the work has ended,
   *     well or not, and before the job says so. Not if this method throws
   */
  public Job deleteSnapshot(String session, SnapshotId snapshot, Runnable last) {
    HostPlaces.session(session).await(host);
    return work.deleteSnapshot(session, snapshot, last);
  }

  // ---- a machine's life

  /**
   * Resets what must be reset, locks the media, opens and serves the disks. A drive whose medium
   * cannot be served starts empty. Any thread may call at any time: nothing else waits while the
   * host opens files.
   *
   * @throws dev.varve.core.medium.ModelException names every hard disk that cannot be served
   */
  public Started start(MachineId machine, StartOptions how) {
    return power.start(machine, how);
  }

  /** The same as usual. */
  public Started start(MachineId machine) {
    return start(machine, StartOptions.USUAL);
  }

  /**
   * Flushes, closes and releases; also cancels the machine's live merges. Any thread may call at
   * any time: nothing else waits while the host makes the disks durable.
   */
  public void powerDown(MachineId machine) {
    power.powerDown(machine);
  }

  /** The guest has opened the tray of a running machine's drive. */
  public void guestEject(MachineId machine, Slot slot) {
    run(
        HostPlaces.machine(machine),
        () -> {
          transactions.follow(machine);
          transactions.carryOut(
              Devices.guestEject(transactions.state(), machine, slot), machine, Unservable.REFUSED);
          MachineEntry entry = transactions.state().machine(machine);
          if (!entry.sessions().isEmpty()) return; // which saves it
          try {
            transactions.decide(state -> Registries.claimed(state.with(entry.saving()), machine));
          } catch (RuntimeException e) {
            transactions.carryOut(
                Sessions.discard(transactions.state(), machine), machine, Unservable.LEFT_OUT);
            throw e;
          }
        });
  }

  // ---- media

  /** Makes a base image of a hard disk and registers it. */
  public MediumId createMedium(
      Path location, ImageFormat format, MediumVariant variant, long capacity, MediumType type) {
    return locked(
        HostPlaces.files(location),
        () -> {
          Medium medium =
              media.newBase(transactions.state(), location, format, variant, capacity, type);
          resources.store().createBase(transactions.state().with(medium), medium);
          transactions.publish(transactions.state().with(medium));
          return medium.id();
        });
  }

  /** Registers an image that is there, of the format that its contents tell. */
  public MediumId openMedium(Path location, DeviceType device) {
    return openMedium(location, device, null);
  }

  /**
   * Registers an image that is there; one that is registered is found again.
   *
   * @param format of an image, or {@code RAW} for a file whose bytes are the disk's, whatever they
   *     look like; null: as its contents tell
   */
  public MediumId openMedium(Path location, DeviceType device, @Nullable ImageFormat format) {
    return locked(
        HostPlaces.files(location),
        () -> {
          Media.Opened opened = media.open(transactions.state(), location, device, format);
          transactions.decide(_ -> opened.state());
          return opened.medium();
        });
  }

  /** Makes a differencing image of the format that it would have in a snapshot. */
  public MediumId createDiff(MediumId parent, Path location) {
    return createDiff(parent, location, null);
  }

  /**
   * Makes a differencing image.
   *
   * @param format null: the one that it would have in a snapshot
   */
  public MediumId createDiff(MediumId parent, Path location, @Nullable ImageFormat format) {
    return locked(
        HostPlaces.medium(parent).and(HostPlaces.files(location)),
        () -> {
          InventoryState state =
              resources
                  .inspection()
                  .needs(transactions.state(), transactions.state().chain(parent));
          NewDiff diff = media.newDiff(state, parent, location, format);
          transactions.decide(state.with(diff.medium()), List.of(diff), List.of(), null);
          return diff.medium().id();
        });
  }

  /** Forgets a medium; its file stays. */
  public void closeMedium(MediumId medium) {
    decide(
        HostPlaces.medium(medium),
        state -> state.withoutMedia(List.of(Media.unneeded(state, medium, "close").id())));
  }

  /**
   * Forgets a medium and deletes its file.
   *
   * @return why the file could not be deleted yet; empty if it is
   */
  public List<String> deleteStorage(MediumId medium) {
    return locked(
        HostPlaces.medium(medium),
        () -> {
          Medium gone = Media.unneeded(transactions.state(), medium, "delete");
          resources.inspection().needsNoOther(gone);
          List<FileStep> steps = List.of(PendingMerge.delete(gone));
          resources.inspection().checkSteps(steps, "delete '%s'".formatted(gone.name()));
          transactions.decide(
              transactions.state().withoutMedia(List.of(medium)), List.of(), steps, null);
          List<String> stuck =
              warnings().about(Warnings.Kind.STUCK_STEP, gone.location().toString());
          if (stuck.isEmpty())
            LOG.log(Level.INFO, "image ''{0}'': its file is deleted", gone.location());
          return stuck;
        });
  }

  public void resetMedium(MediumId medium) {
    run(
        HostPlaces.medium(medium),
        () -> {
          media.reset(transactions.state(), medium);
          LOG.log(
              Level.INFO,
              "image ''{0}'' is emptied: it shows its parent again",
              transactions.state().medium(medium).location());
        });
  }

  /**
   * Makes a hard disk larger that no running machine uses; the added part reads as zeroes.
   *
   * @param capacity what the guest sees, in bytes; not less than now
   */
  public void resizeMedium(MediumId medium, long capacity) {
    run(
        HostPlaces.medium(medium),
        () -> {
          InventoryState before = transactions.state();
          transactions.publish(resizing.resize(before, medium, capacity));
          LOG.log(
              Level.INFO,
              "image ''{0}'' is resized: its disk has {1} bytes",
              before.medium(medium).location(),
              String.valueOf(capacity));
        });
  }

  public void setMediumType(MediumId medium, MediumType type) {
    decide(HostPlaces.medium(medium), state -> MediumTypes.set(state, medium, type));
  }

  public void setAutoReset(MediumId medium, boolean value) {
    decide(HostPlaces.medium(medium), state -> Media.setAutoReset(state, medium, value));
  }

  /** Looks at the file again. */
  public MediumState refreshState(MediumId medium) {
    return locked(
        HostPlaces.medium(medium),
        () -> {
          transactions.publish(media.refresh(transactions.state(), medium));
          return transactions.state().state(transactions.state().medium(medium));
        });
  }

  public Job mergeMedium(MediumId source, MediumId target) {
    HostPlaces.medium(source).and(HostPlaces.medium(target)).await(host);
    return work.mergeMedium(source, target);
  }

  public Job cloneMedium(
      MediumId medium, Path location, ImageFormat format, MediumVariant variant) {
    HostPlaces.medium(medium).and(HostPlaces.files(location)).await(host);
    return work.cloneMedium(medium, location, format, variant);
  }

  /**
   * Locks a medium until {@link #abandonLock}, or until the holder's lease ends.
   *
   * @return what {@link #abandonLock} takes
   */
  public String lockMedium(MediumId medium, boolean write, Hold.Holder holder) {
    String token = resources.newToken();
    return transactions.locked(
        () -> {
          leases.giveUpExpiredLocks();
          InventoryState state = transactions.state();
          MediumLock lock = MediumLock.of(holder.begin(resources.now()), token, medium, write);
          String doing = "lock '%s'".formatted(state.medium(medium).name());
          transactions.publish(MediumLocks.take(state, List.of(lock), doing, null));
          return token;
        });
  }

  /** The holder of a medium's lock lives; its lease begins anew. */
  public void renewLock(String token) {
    transactions.run(
        () -> {
          checkHeld(token);
          leases.renew(token);
        });
  }

  /** Gives the media free that are locked by this token. */
  public void abandonLock(String token) {
    transactions.run(
        () -> {
          checkHeld(token);
          transactions.publish(transactions.state().withoutLocks(token));
        });
  }

  private void checkHeld(String token) {
    boolean held =
        transactions.state().locksOf(token).stream()
            .anyMatch(lock -> lock.kind() == MediumLock.Kind.CALLER);
    if (!held)
      throw ModelErrors.of(
          ErrorCode.VBOX_E_OBJECT_NOT_FOUND,
          "no medium is locked by '%s'; it was given up, or its lease has ended",
          token);
  }

  /**
   * Stops the jobs, ends all sessions, and powers down the machines that run. The next run resumes
   * jobs where it can.
   *
   * @throws ModelException if not everything that a machine wrote is on its disks; everything has
   *     ended nevertheless
   */
  @Override
  public void close() throws IOException {
    close(Duration.ofDays(365));
  }

  /**
   * The same, waiting no longer than {@code patience} for machines, and a quarter of it for jobs. A
   * machine whose file systems do not answer keeps no other from ending.
   *
   * @throws ModelException also if something has not ended by then; the message names it
   */
  public void close(Duration patience) throws IOException {
    if (closed) return;
    closed = true;
    List<Job> left = work.close(patience.dividedBy(4));
    try {
      RuntimeException failure = power.endAll(patience);
      if (failure == null && !left.isEmpty())
        failure =
            ModelErrors.of(
                ErrorCode.E_FAIL,
                "the job '%s' has not ended in %d s, because the host does not answer; the next start goes on with it where it can",
                left.getFirst().description(),
                patience.toSeconds());
      if (failure != null) throw failure;
    } finally {
      resources.store().close();
    }
  }

  private void finishUnfinished() {
    for (Unfinished unfinished : resources.store().unfinished())
      switch (unfinished) {
        case Unfinished.Implicit made -> resources.store().finish(made, state());
        case Unfinished.Reset reset -> resources.store().finish(reset);
        case Unfinished.Import made -> resources.store().finish(made);
        case Unfinished.Work again -> work.resume(again);
      }
  }

  private void tellOfKept() {
    for (Kept kept : resources.store().folder().kept()) tell(kept, warnings());
  }

  private static void tell(Kept kept, Warnings warnings) {
    warnings.raise(
        Warnings.Kind.CHANGED_OUTSIDE,
        kept.contents().toString(),
        "another program has written '%s' while Varve was saving it; it stays as that program left it. What Varve was going to save is in '%s': take from it what is missing, then delete it"
            .formatted(kept.file(), kept.contents()));
  }

  private InventoryState state() {
    return transactions.locked(transactions::state);
  }

  // ---- the order of each change: wait for the host, then take the lock

  private <T> T locked(HostPlaces touched, Supplier<T> work) {
    touched.await(host);
    return transactions.locked(work);
  }

  private void run(HostPlaces touched, Runnable work) {
    touched.await(host);
    transactions.run(work);
  }

  /** Of a session's working copy, see {@link Transactions#change}. */
  private void change(HostPlaces touched, String session, UnaryOperator<InventoryState> rule) {
    touched.await(host);
    transactions.change(session, rule);
  }

  private void decide(HostPlaces touched, UnaryOperator<InventoryState> rule) {
    touched.await(host);
    transactions.decide(rule);
  }
}
