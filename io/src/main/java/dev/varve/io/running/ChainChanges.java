package dev.varve.io.running;

import dev.varve.core.device.Stages;
import dev.varve.core.inventory.RunningDisks;
import dev.varve.core.inventory.RunningDisks.Decision;
import dev.varve.core.inventory.RunningDisks.RunningMerge;
import dev.varve.core.journal.UndecidedException;
import dev.varve.core.machine.Slot;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.Progress;
import dev.varve.io.chain.ChainFinder;
import dev.varve.io.chain.LiveChain;
import dev.varve.io.chain.LiveMerge;
import io.vertx.core.Future;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Changes the chains of a running machine's disks: new tops, and merges. Unless it says otherwise
 * the caller holds the machine's monitor; every method may block and none may run on an event loop.
 */
final class ChainChanges {

  private static final System.Logger LOG = System.getLogger(ChainChanges.class.getName());

  private final OpenDisks devices;
  private final Publisher publisher;
  private final LongSupplier nanoClock;

  ChainChanges(OpenDisks devices, Publisher publisher, LongSupplier nanoClock) {
    this.devices = devices;
    this.publisher = publisher;
    this.nanoClock = nanoClock;
  }

  /** See {@link RunningDisks#push}. */
  void push(RunningMachine machine, Map<Slot, Image> tops, Decision decision) throws IOException {
    Map<ServedSlot, Image> pushes = new LinkedHashMap<>();
    for (Map.Entry<Slot, Image> each : tops.entrySet()) {
      ServedSlot disk = ofThisMachineAlone(machine, each.getKey());
      checkWritten(disk);
      Image top = OpenDisks.normal(each.getValue());
      ChainFinder.listed(
          new ImageChain(with(disk, top))); // what is wrong is better found before the decision
      pushes.put(disk, top);
    }
    var held = new HeldChains(nanoClock);
    try {
      held.hold(pushes.keySet().stream().map(ChainChanges::chain).toList());
      decision.run();
    } catch (UndecidedException e) {
      for (ServedSlot disk : pushes.keySet()) giveUp(machine, disk, held, e);
      throw e;
    } catch (Throwable e) {
      held.resume();
      throw e;
    }
    Map<ServedSlot, List<Image>> failed = new LinkedHashMap<>();
    pushes.forEach(
        (disk, top) -> {
          List<Image> decided = with(disk, top);
          if (!pushed(disk, top, held)) failed.put(disk, decided);
        });
    held.resume();
    failed.forEach((disk, decided) -> openAnew(machine, disk, decided));
  }

  private static List<Image> with(ServedSlot disk, Image top) {
    List<Image> chain = new ArrayList<>(disk.open().images());
    chain.add(top);
    return chain;
  }

  /** A chain that fails stays held: it must not go on with the old top. */
  private static boolean pushed(ServedSlot disk, Image top, HeldChains held) {
    LiveChain chain = chain(disk);
    try {
      chain.push(top);
      return true;
    } catch (IOException | RuntimeException e) {
      held.forget(chain);
      LOG.log(
          Level.ERROR,
          "the disk '"
              + disk.export().name()
              + "' could not put "
              + top.file()
              + " on top while it ran: its clients are disconnected, and it is opened again",
          e);
      return false;
    }
  }

  /** Closes a disk and opens it from the images that were decided for it. */
  private void openAnew(RunningMachine machine, ServedSlot before, List<Image> decided) {
    Slot slot = before.slot();
    try {
      Stages.join(stopServing(machine, before).toCompletionStage());
      machine.put(slot, publisher.openAndPublish(machine, before.disk().withImages(decided)));
    } catch (IOException | RuntimeException e) {
      publisher.end(before);
      LOG.log(
          Level.ERROR,
          "the disk '"
              + before.export().name()
              + "' is not served any more: it cannot be opened as "
              + decided.stream().map(Image::file).toList()
              + "; change its medium, or stop and start the machine",
          e);
    }
  }

  /** Closes a held disk; what waits for it fails, and is written nowhere. */
  private Future<Void> stopServing(RunningMachine machine, ServedSlot disk) {
    machine.put(disk.slot(), null);
    Future<Void> unused = publisher.withdraw(machine, disk);
    disk.open().device().close();
    chain(disk).resume();
    publisher.letGo(disk);
    return unused;
  }

  /**
   * Begins to merge neighbours of a chain; runs beside other changes of the machine, whose monitor
   * is held for a moment only.
   *
   * @return null if there was nothing left to finish
   */
  @Nullable RunningMerge merge(
      RunningMachine machine, Slot slot, Path source, Path target, Progress progress)
      throws IOException {
    LiveChain chain;
    synchronized (machine) {
      machine.checkRunning();
      chain = chain(ofThisMachineAlone(machine, slot));
    }
    var begun =
        chain.merge(
            source.toAbsolutePath().normalize(), target.toAbsolutePath().normalize(), progress);
    return begun == null ? null : new BegunMerge(slot, chain, begun);
  }

  /** A merge and the chain in which it is. */
  private record BegunMerge(Slot slot, LiveChain chain, LiveMerge merge) implements RunningMerge {
    @Override
    public void abandon() {
      merge.abandon();
    }
  }

  /** Ends merges that {@link #merge} began: the caller holds the machine's monitor. */
  void finish(RunningMachine machine, List<RunningMerge> merges, Decision decision)
      throws IOException {
    List<BegunMerge> begun = merges.stream().map(BegunMerge.class::cast).toList();
    for (BegunMerge merge : begun) served(machine, merge);
    var held = new HeldChains(nanoClock);
    try {
      held.hold(begun.stream().map(BegunMerge::chain).toList());
      for (BegunMerge merge : begun) merge.merge().complete();
      decision.run();
      for (BegunMerge merge : begun) finish(merge);
    } catch (UndecidedException e) {
      for (BegunMerge merge : begun) giveUp(machine, served(machine, merge), held, e);
      throw e;
    } finally {
      held.resume();
    }
  }

  private static ServedSlot served(RunningMachine machine, BegunMerge merge) throws IOException {
    ServedSlot disk = machine.at(merge.slot());
    if (disk == null || disk.open().chain() != merge.chain()) {
      throw new IOException(
          "the disk at " + merge.slot() + " was changed after its merge began: begin it again");
    }
    return disk;
  }

  /**
   * Ends a held disk of which it is unknown whether its chain has changed. If it went on with the
   * old chain, the next run might throw away what a guest writes; with the new chain, this one
   * might.
   */
  private void giveUp(
      RunningMachine machine, ServedSlot disk, HeldChains held, UndecidedException why) {
    held.forget(chain(disk));
    stopServing(machine, disk);
    LOG.log(Level.ERROR, "the disk '" + disk.export().name() + "' is not served any more", why);
  }

  /** The decision stands: the chain goes on without the source, whatever fails here. */
  private static void finish(BegunMerge merge) {
    try {
      merge.chain().finish(merge.merge());
    } catch (IOException | RuntimeException e) {
      LOG.log(
          Level.ERROR,
          "the merge of the disk at "
              + merge.slot()
              + " is done, but the new parent could not be written into the image above; it will be"
              + " written after the machine has stopped",
          e);
    }
  }

  private ServedSlot ofThisMachineAlone(RunningMachine machine, Slot slot) throws IOException {
    ServedSlot disk = machine.at(slot);
    if (disk == null || disk.open().chain() == null)
      throw new IOException(
          "the disk at "
              + slot
              + " is a drive of the host or is empty; only a hard disk's images can get or lose a"
              + " differencing image");
    if (devices.isShared(disk.open())) {
      throw new IOException(
          "the disk '"
              + disk.export().name()
              + "' is used by several machines or slots: its chain cannot change while it is");
    }
    return disk;
  }

  private static void checkWritten(ServedSlot disk) throws IOException {
    if (disk.open().device().readOnly())
      throw new IOException(
          "the disk '"
              + disk.export().name()
              + "' is served read-only: only a disk that is written can get a differencing image");
  }

  private static LiveChain chain(ServedSlot disk) {
    LiveChain chain = disk.open().chain();
    assert chain != null;
    return chain;
  }
}
