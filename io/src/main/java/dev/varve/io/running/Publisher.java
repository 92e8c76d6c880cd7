package dev.varve.io.running;

import dev.varve.core.device.Stages;
import dev.varve.core.inventory.DiskWatcher;
import dev.varve.core.inventory.RunningDisks.Disk;
import dev.varve.io.nbd.NbdServer;
import io.vertx.core.Future;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Opens disks and publishes them as exports, and takes both back. Thread-safe; every method may
 * block and none may run on an event loop.
 */
final class Publisher {

  private static final System.Logger LOG = System.getLogger(Publisher.class.getName());

  private final NbdServer nbd;
  private final @Nullable GuestSockets guests;
  private final OpenDisks devices;
  private final LongSupplier nanoClock;
  private volatile @Nullable DiskWatcher watcher;

  /**
   * @param guests null if disks have no vhost-user sockets
   */
  Publisher(
      NbdServer nbd, @Nullable GuestSockets guests, OpenDisks devices, LongSupplier nanoClock) {
    this.nbd = nbd;
    this.guests = guests;
    this.devices = devices;
    this.nanoClock = nanoClock;
  }

  /** Tells a watcher of clients, and of disks that clients can ask for. */
  void watch(DiskWatcher watcher) {
    this.watcher = watcher;
    nbd.clients().watch(new ClientWatch(watcher, nanoClock));
  }

  /** Opens a disk, which is not published yet. */
  ServedSlot open(RunningMachine machine, Disk disk) throws IOException {
    OpenDisk open = devices.open(disk);
    return ServedSlot.of(
        disk,
        open,
        machine.failures().of(disk, open),
        machine.traffic(disk.attachment().slot()),
        nanoClock);
  }

  /** Opens a disk for clients. */
  ServedSlot openAndPublish(RunningMachine machine, Disk disk) throws IOException {
    ServedSlot served = open(machine, disk);
    try {
      publish(machine, served);
      return served;
    } catch (Throwable e) {
      letGo(served);
      throw e;
    }
  }

  /** Lets clients ask for a disk. */
  void publish(RunningMachine machine, ServedSlot served) throws IOException {
    machine.limits().limit(served);
    try {
      nbd.publish(served.export());
    } catch (IllegalArgumentException e) {
      machine.limits().release(served);
      throw new IOException(
          "the disk name '%s' is taken: a machine of the same name runs with a disk in that slot; power it down first"
              .formatted(served.export().name()),
          e);
    }
    publishToGuests(machine, served);
    DiskWatcher told = watcher;
    if (told != null) told.published(machine.id(), served.slot(), served.export().name());
  }

  private void publishToGuests(RunningMachine machine, ServedSlot served) throws IOException {
    if (guests == null) return;
    try {
      guests.publish(served.export());
    } catch (IOException e) {
      nbd.withdraw(served.export().name());
      machine.limits().release(served);
      throw e;
    }
  }

  /**
   * Takes a disk away for a moment: sends NBD clients away, and lets vhost-user front-ends wait for
   * the next disk of the slot, or for {@link #end}. What is in flight waits for no limit.
   */
  Future<Void> withdraw(RunningMachine machine, ServedSlot served) {
    String name = served.export().name();
    Future<Void> unused =
        guests == null
            ? nbd.withdraw(name)
            : Future.join(nbd.withdraw(name), guests.withdraw(name)).mapEmpty();
    DiskWatcher told = watcher;
    if (told != null) told.withdrawn(machine.id(), served.slot(), served.export().name());
    machine.limits().release(served);
    return unused;
  }

  /** Sends the clients of all of them away for good, and waits until none is left. */
  void withdrawAll(RunningMachine machine, List<ServedSlot> served) throws IOException {
    List<Future<Void>> unused = served.stream().map(disk -> withdraw(machine, disk)).toList();
    served.forEach(this::end);
    Stages.join(Future.join(unused).toCompletionStage());
  }

  /** No disk follows in the slot of one that was withdrawn. */
  void end(ServedSlot withdrawn) {
    if (guests != null) guests.remove(withdrawn.export().name());
  }

  /**
   * Closes a device, if no other slot shows it.
   *
   * @throws IOException what the guest wrote last could not be made durable; it is closed all the
   *     same
   */
  void close(ServedSlot served) throws IOException {
    try {
      devices.close(served.open());
    } catch (IOException e) {
      throw notDurable(served, e);
    }
  }

  /** The same where a failure can be told to the log only. */
  void letGo(ServedSlot served) {
    try {
      close(served);
    } catch (IOException e) {
      LOG.log(Level.ERROR, e.getMessage(), e);
    }
  }

  private static IOException notDurable(ServedSlot disk, IOException cause) {
    return new IOException(
        "the disk '"
            + disk.export().name()
            + "' is closed, but what the guest wrote last could not be made durable: "
            + cause.getMessage(),
        cause);
  }
}
