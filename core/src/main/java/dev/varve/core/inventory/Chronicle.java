package dev.varve.core.inventory;

import dev.varve.core.limit.BandwidthLimits;
import dev.varve.core.log.Amount;
import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineState;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.machine.StorageController;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Logs what becomes of machines and media, a line for each thing that a person did or should know.
 * It follows from how two states differ, so that nothing can happen without being told, whichever
 * way it came about.
 *
 * <p>For the thread that holds the inventory's lock.
 */
final class Chronicle {

  private static final System.Logger LOG = OperationLog.of(Chronicle.class);

  private final InstantSource clock;
  private final BooleanSupplier heard;
  private final Consumer<String> lines;
  private final Map<MachineId, Instant> started = new HashMap<>();

  Chronicle(InstantSource clock) {
    this(clock, () -> LOG.isLoggable(Level.INFO), line -> LOG.log(Level.INFO, line));
  }

  /** Hands its lines to {@code lines} while {@code heard}. */
  Chronicle(InstantSource clock, BooleanSupplier heard, Consumer<String> lines) {
    this.clock = clock;
    this.heard = heard;
    this.lines = lines;
  }

  private void say(String text, @Nullable Object... words) {
    lines.accept(text.formatted(words));
  }

  /** One state has taken the place of another. */
  void tell(InventoryState before, InventoryState after) {
    if (!heard.getAsBoolean()) return;
    tellOfMedia(before, after);
    for (MachineEntry entry : after.machines().values()) {
      MachineEntry was = before.machines().get(entry.id());
      if (was == null) registered(entry);
      else if (was != entry) changed(was, entry, before, after);
    }
    for (MachineEntry was : before.machines().values())
      if (!after.machines().containsKey(was.id()))
        say("machine '%s' is not registered any more; its files stay", was.name());
  }

  private void registered(MachineEntry entry) {
    Machine machine = entry.saved();
    say(
        "machine '%s' is registered: %s, with %s and %s",
        entry.name(),
        machine.settingsFile(),
        Amount.of(machine.hardware().attachments().size(), "attached device"),
        Amount.of(machine.snapshots().size(), "snapshot"));
  }

  private void changed(
      MachineEntry was, MachineEntry now, InventoryState before, InventoryState after) {
    tellOfRun(was, now);
    if (tellOfSnapshots(was, now)) return; // what is attached changes with them
    boolean discarded =
        was.working().modified()
            && !now.working().modified()
            && was.saved().hardware().equals(now.saved().hardware());
    if (discarded) say("machine '%s': the changes that were not saved are discarded", now.name());
    else tellOfHardware(was, now, before, after);
    boolean saved = !was.saved().hardware().equals(now.saved().hardware());
    if (saved)
      say("machine '%s': its settings are saved in %s", now.name(), now.saved().settingsFile());
  }

  // ---- running

  private void tellOfRun(MachineEntry was, MachineEntry now) {
    boolean ran = isUp(was.state());
    boolean runs = isUp(now.state());
    if (!ran && runs) {
      started.put(now.id(), clock.instant());
      Hardware hardware = now.working().hardware();
      long disks =
          hardware.attachments().stream()
              .filter(a -> a.type() == DeviceType.HARD_DISK && a.medium() != null)
              .count();
      say(
          "machine '%s' has started with %s and %s",
          now.name(),
          Amount.of(disks, "hard disk"),
          Amount.of(hardware.attachments().size() - disks, "drive"));
    } else if (ran && !runs) {
      Instant since = started.remove(now.id());
      say(
          "machine '%s' is powered down%s",
          now.name(),
          since == null ? "" : " after " + Amount.time(Duration.between(since, clock.instant())));
    } else if (was.state() == MachineState.SAVED && now.saved().stateFile() == null) {
      say("machine '%s': its saved state is discarded", now.name());
    }
  }

  /** A machine that stops is told of when it has stopped. */
  private static boolean isUp(MachineState state) {
    return state.isOnline() || state == MachineState.STOPPING;
  }

  // ---- snapshots

  /** Returns whether one was taken, deleted or restored. */
  private boolean tellOfSnapshots(MachineEntry was, MachineEntry now) {
    Machine before = was.saved();
    Machine after = now.saved();
    boolean told = false;
    for (Snapshot snapshot : after.snapshots())
      if (before.snapshot(snapshot.id()) == null) {
        String runs = now.state().isOnline() ? ", while it runs" : "";
        say("machine '%s': snapshot '%s' is taken%s", now.name(), snapshot.name(), runs);
        told = true;
      }
    for (Snapshot snapshot : before.snapshots())
      if (after.snapshot(snapshot.id()) == null) {
        say("machine '%s': snapshot '%s' is deleted", now.name(), snapshot.name());
        told = true;
      }
    Snapshot restored = told ? null : restored(before, after);
    if (restored == null) return told;
    say("machine '%s': snapshot '%s' is restored", now.name(), restored.name());
    return true;
  }

  /** Only by a restore is the current state another one that is as its snapshot has it. */
  private static @Nullable Snapshot restored(Machine before, Machine after) {
    boolean another =
        !before.hardware().equals(after.hardware())
            || !Objects.equals(before.currentSnapshot(), after.currentSnapshot());
    if (!another || after.currentStateModified() || after.currentSnapshot() == null) return null;
    return after.snapshot(after.currentSnapshot());
  }

  // ---- controllers, devices and limits

  private void tellOfHardware(
      MachineEntry was, MachineEntry now, InventoryState before, InventoryState after) {
    Hardware old = was.working().hardware();
    Hardware hardware = now.working().hardware();
    if (old.equals(hardware)) return;
    String machine = "machine '" + now.name() + "': ";
    tellOfControllers(machine, old, hardware);
    tellOfGroups(machine, old, hardware);
    String runs = now.state().isOnline() ? ", while it runs" : "";
    for (Attachment device : hardware.attachments()) {
      Attachment earlier = old.attachment(device.slot());
      if (earlier == null)
        say("%s%s is attached at %s%s", machine, name(device, after), device.slot(), runs);
      else if (!earlier.equals(device)) tellOfDevice(machine, earlier, device, before, after);
    }
    for (Attachment gone : old.attachments())
      if (hardware.attachment(gone.slot()) == null)
        say("%s%s is detached from %s%s", machine, name(gone, before), gone.slot(), runs);
  }

  private void tellOfControllers(String machine, Hardware old, Hardware hardware) {
    for (StorageController controller : hardware.controllers()) {
      StorageController earlier = old.controller(controller.name());
      if (earlier == null) say("%scontroller '%s' is added", machine, controller.name());
      else if (!earlier.equals(controller))
        say("%scontroller '%s' is changed", machine, controller.name());
    }
    for (StorageController gone : old.controllers())
      if (hardware.controller(gone.name()) == null)
        say("%scontroller '%s' is removed", machine, gone.name());
  }

  private void tellOfGroups(String machine, Hardware old, Hardware hardware) {
    for (BandwidthGroup group : hardware.bandwidthGroups()) {
      BandwidthGroup earlier = old.bandwidthGroup(group.name());
      if (earlier == null)
        say("%sbandwidth group '%s' is made: %s", machine, group.name(), words(group.limits()));
      else if (!earlier.equals(group))
        say(
            "%sthe limit of bandwidth group '%s' is %s, and was %s",
            machine, group.name(), words(group.limits()), words(earlier.limits()));
    }
    for (BandwidthGroup gone : old.bandwidthGroups())
      if (hardware.bandwidthGroup(gone.name()) == null)
        say("%sbandwidth group '%s' is deleted", machine, gone.name());
  }

  private void tellOfDevice(
      String machine, Attachment was, Attachment now, InventoryState before, InventoryState after) {
    Slot slot = now.slot();
    if (!Objects.equals(was.bandwidthGroup(), now.bandwidthGroup()))
      say(
          "%sthe device at %s is in %s",
          machine,
          slot,
          now.bandwidthGroup() == null
              ? "no bandwidth group"
              : "bandwidth group '" + now.bandwidthGroup() + "'");
    if (now.ejected() && !was.ejected()) say("%sthe guest has ejected %s", machine, slot);
    if (!isSameMedium(was, now, before, after))
      say(
          now.medium() == null ? "%s%s is taken out of %s" : "%s%s is put into %s",
          machine,
          now.medium() == null ? name(was, before) : name(now, after),
          slot);
    List<String> flags = new ArrayList<>();
    flag("passthrough", was.passthrough(), now.passthrough(), flags);
    flag("temporary eject", was.temporaryEject(), now.temporaryEject(), flags);
    flag("non-rotational", was.nonRotational(), now.nonRotational(), flags);
    flag("discard", was.discard(), now.discard(), flags);
    flag("hot-pluggable", was.hotPluggable(), now.hotPluggable(), flags);
    if (!flags.isEmpty()) say("%sof the device at %s: %s", machine, slot, String.join(", ", flags));
  }

  /** A hard disk is the same with another differencing image on it, and with one less. */
  private static boolean isSameMedium(
      Attachment was, Attachment now, InventoryState before, InventoryState after) {
    MediumId old = was.medium();
    MediumId medium = now.medium();
    if (Objects.equals(old, medium)) return true;
    if (old == null || medium == null || now.type() != DeviceType.HARD_DISK) return false;
    return base(old, before).equals(base(medium, after));
  }

  private static MediumId base(MediumId medium, InventoryState state) {
    return state.media().containsKey(medium) ? state.base(medium).id() : medium;
  }

  private static void flag(String name, boolean was, boolean now, List<String> changed) {
    if (was != now) changed.add(name + (now ? " is on" : " is off"));
  }

  private static String name(Attachment device, InventoryState state) {
    Medium medium = device.medium() == null ? null : state.media().get(device.medium());
    return medium == null
        ? "an empty " + device.type().text() + " drive"
        : "'" + medium.location() + "'";
  }

  /** {@code 20 MiB/s, 500 writes/s}. */
  static String words(BandwidthLimits limits) {
    List<String> words = new ArrayList<>();
    rate(limits.bytesPerSecond(), "", words);
    rate(limits.readBytesPerSecond(), " read", words);
    rate(limits.writeBytesPerSecond(), " written", words);
    count(limits.operationsPerSecond(), "requests/s", words);
    count(limits.readOperationsPerSecond(), "reads/s", words);
    count(limits.writeOperationsPerSecond(), "writes/s", words);
    return words.isEmpty() ? "no limit" : String.join(", ", words);
  }

  private static void rate(long bytes, String which, List<String> words) {
    if (bytes > 0) words.add(Amount.bytes(bytes) + "/s" + which);
  }

  private static void count(long operations, String which, List<String> words) {
    if (operations > 0) words.add(operations + " " + which);
  }

  // ---- media

  /** Images that come and go with a machine, a snapshot or an attachment are told with that. */
  private void tellOfMedia(InventoryState before, InventoryState after) {
    if (before.media().equals(after.media())) return;
    Set<MediumId> used = null;
    for (Medium medium : after.media().values()) {
      Medium was = before.media().get(medium.id());
      if (was != null) {
        tellOfMedium(was, medium);
        continue;
      }
      if (used == null) used = used(after);
      if (!used.contains(medium.id()))
        say(
            "image '%s' is registered: %s, %s",
            medium.location(), medium.format(), Amount.bytes(medium.capacity()));
    }
    for (Medium gone : before.media().values())
      if (!after.media().containsKey(gone.id()) && !used(before).contains(gone.id()))
        say("image '%s' is not registered any more", gone.location());
  }

  private void tellOfMedium(Medium was, Medium now) {
    if (was.type() != now.type())
      say("image '%s' is %s, and was %s", now.location(), now.type().text(), was.type().text());
    if (was.autoReset() != now.autoReset())
      say(
          "image '%s' is %s at every start",
          now.location(), now.autoReset() ? "emptied" : "not emptied");
  }

  /** The media of all machines, their parents included. */
  private static Set<MediumId> used(InventoryState state) {
    Set<MediumId> used = new HashSet<>();
    for (MachineEntry entry : state.machines().values()) {
      used.addAll(entry.working().media());
      addAll(entry.saved().hardware(), used);
      for (Snapshot snapshot : entry.saved().snapshots()) addAll(snapshot.hardware(), used);
    }
    for (MediumId top : List.copyOf(used))
      for (MediumId at = top; at != null && state.media().containsKey(at); ) {
        used.add(at);
        at = state.medium(at).parent();
      }
    return used;
  }

  private static void addAll(Hardware hardware, Set<MediumId> media) {
    for (Attachment attachment : hardware.attachments())
      if (attachment.medium() != null) media.add(attachment.medium());
  }
}
