package dev.varve.core.ovf;

import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.MachineParts;
import dev.varve.core.machine.StorageController;
import dev.varve.core.medium.MediumId;
import java.util.List;
import java.util.Map;

/**
 * A packed machine, as its descriptor says. Immutable.
 *
 * @param name one that a machine can have
 * @param chipset by VirtualBox's word: one that has room for the controllers
 * @param drives each in its own slot; no disk is in two
 */
public record OvfMachine(
    String name,
    MachineParts parts,
    String chipset,
    List<StorageController> controllers,
    List<OvfDrive> drives) {

  public OvfMachine {
    controllers = List.copyOf(controllers);
    drives = List.copyOf(drives);
  }

  /** The hard disks in the order of their slots' controllers. */
  public List<OvfDisk> disks() {
    return drives.stream().map(OvfDrive::disk).filter(disk -> disk != null).toList();
  }

  /**
   * Its storage.
   *
   * @param media what each of {@link #disks} has become
   */
  public Hardware hardware(Map<OvfDisk, MediumId> media) {
    List<Attachment> attachments =
        drives.stream()
            .map(
                drive ->
                    Attachment.of(
                        drive.slot(),
                        drive.type(),
                        drive.disk() == null ? null : media.get(drive.disk()),
                        false))
            .toList();
    return new Hardware(controllers, attachments, List.of());
  }
}
