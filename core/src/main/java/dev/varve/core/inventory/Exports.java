package dev.varve.core.inventory;

import static dev.varve.core.medium.ErrorCode.E_FAIL;
import static dev.varve.core.medium.ErrorCode.E_INVALIDARG;
import static dev.varve.core.medium.ErrorCode.VBOX_E_FILE_ERROR;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_VM_STATE;
import static dev.varve.core.medium.ErrorCode.VBOX_E_NOT_SUPPORTED;
import static dev.varve.core.medium.ErrorCode.VBOX_E_OBJECT_IN_USE;

import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.MachineParts;
import dev.varve.core.machine.MachineState;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.machine.StorageBus;
import dev.varve.core.machine.StorageController;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.ovf.OvfDisk;
import dev.varve.core.ovf.OvfDrive;
import dev.varve.core.ovf.OvfFile;
import dev.varve.core.ovf.OvfMachine;
import dev.varve.core.ovf.OvfWriter;
import dev.varve.core.settings.FileName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What of a machine goes into a package, and whether it can. */
final class Exports {

  /** An archive has room for names of 100 bytes. */
  private static final int MOST_OF_NAME = 80;

  private final Resources resources;

  Exports(Resources resources) {
    this.resources = resources;
  }

  /**
   * Work that puts a machine into a package.
   *
   * @param state after a look at the media that are read
   * @param read the media that are read
   */
  record Planned(InventoryState state, ExportWork work, List<Medium> read) {}

  /**
   * Plans an export.
   *
   * @param snapshot null for the current state, which must not be in use
   */
  Planned plan(
      InventoryState state,
      MachineEntry entry,
      @Nullable SnapshotId snapshot,
      MachinePacker packer) {
    checkName(packer.file());
    checkTarget(state, packer);
    Hardware hardware = hardware(entry, snapshot);
    Map<OvfDisk, ImageChain> contents = new LinkedHashMap<>();
    List<OvfDrive> drives = new ArrayList<>();
    List<Medium> read = new ArrayList<>();
    InventoryState seen = state;
    for (Attachment attachment : hardware.attachments()) {
      MediumId id = attachment.medium();
      if (attachment.type() != DeviceType.HARD_DISK || id == null) {
        drives.add(new OvfDrive(attachment.slot(), attachment.type(), null));
        continue;
      }
      checkSlot(hardware, attachment);
      EncryptedMedia.refuse(seen, id);
      if (seen.halfMerged().contains(id)) throw NewDiff.halfMerged(seen.medium(id));
      seen = looked(seen, id);
      List<Medium> chain = seen.chain(id);
      OvfDisk disk = disk(entry.name(), contents.size() + 1, seen.medium(id));
      contents.put(disk, ImageChain.of(chain.reversed()));
      drives.add(new OvfDrive(attachment.slot(), DeviceType.HARD_DISK, disk));
      for (Medium medium : chain) if (!read.contains(medium)) read.add(medium);
    }
    OvfMachine exported =
        new OvfMachine(
            entry.name(),
            parts(entry.saved(), snapshot),
            entry.saved().chipset(),
            hardware.controllers(),
            drives);
    var work = new ExportWork(packer, exported, contents, resources.newMediumId());
    return new Planned(seen, work, read);
  }

  /** The state after a look at a disk's files, which the size is known from. */
  private InventoryState looked(InventoryState state, MediumId id) {
    InventoryState seen = resources.inspection().needs(state, state.chain(id));
    Medium medium = seen.medium(id);
    if (medium.capacity() > 0) return seen;
    Medium now = resources.inspection().look(medium);
    String why = now.accessError();
    if (why != null) throw Inspection.inaccessible(medium, why);
    return seen.with(now);
  }

  private static void checkTarget(InventoryState state, MachinePacker packer) {
    Path target = packer.file();
    for (Medium medium : state.media().values())
      if (medium.location().equals(target))
        throw ModelErrors.of(
            VBOX_E_OBJECT_IN_USE,
            "'%s' is registered as medium %s and is not replaced; choose another name",
            target,
            medium.id());
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)
        && !(packer.replaces() && Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)))
      throw ModelErrors.of(
          VBOX_E_FILE_ERROR,
          packer.replaces()
              ? "'%s' is no file and is not replaced; choose another name"
              : "there is a file '%s' already; choose another name, or replace it with --force",
          target);
  }

  private static Hardware hardware(MachineEntry entry, @Nullable SnapshotId snapshot) {
    MachineRuns.checkSettled(entry, "export it");
    if (snapshot != null) return Snapshots.find(entry.saved(), snapshot).hardware();
    if (entry.state() != MachineState.POWERED_OFF)
      throw Blockers.refusal(
          VBOX_E_INVALID_VM_STATE,
          Blockers.of(entry),
          "machine '%s' is in state %s, and the current state of a machine is exported while it is powered off; power it down, or export one of its snapshots with --snapshot",
          entry.name(),
          entry.state().text());
    return entry.saved().hardware();
  }

  private static void checkSlot(Hardware hardware, Attachment attachment) {
    StorageController controller = hardware.controller(attachment.slot().controller());
    if (controller != null && controller.bus() == StorageBus.USB)
      throw ModelErrors.of(
          VBOX_E_NOT_SUPPORTED,
          "the hard disk at %s is on a USB controller, which a package has not; attach it to another controller",
          attachment.slot());
  }

  /** Named as VirtualBox does it. */
  private static OvfDisk disk(String machine, int number, Medium medium) {
    String file =
        "%s-disk%03d.vmdk".formatted(FileName.of(machine, "machine", MOST_OF_NAME), number);
    return new OvfDisk(
        "vmdisk" + number,
        medium.capacity(),
        1,
        OvfWriter.STREAM_OPTIMIZED,
        new OvfFile(file, -1, false),
        medium.id().uuid());
  }

  private MachineParts parts(Machine machine, @Nullable SnapshotId snapshot) {
    try {
      return resources.store().folder().parts(machine.settingsFile(), snapshot);
    } catch (IOException e) {
      throw ModelErrors.of(E_FAIL, "'%s' cannot be read".formatted(machine.settingsFile()), e);
    }
  }

  /** Refuses a name that another program would not take for a package. */
  private static void checkName(Path file) {
    if (!String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT).endsWith(".ova"))
      throw ModelErrors.of(
          E_INVALIDARG,
          "'%s' does not end in .ova, by which programs know a package; give it that ending",
          file);
  }
}
