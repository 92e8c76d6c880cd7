package dev.varve.core.inventory;

import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.Machine;
import java.util.function.UnaryOperator;

/** Every attachment that a saved machine names: those of its current state and of its snapshots. */
final class AttachmentVisitor {

  private AttachmentVisitor() {}

  static Machine map(Machine machine, UnaryOperator<Attachment> change) {
    return machine
        .withHardware(map(machine.hardware(), change), machine.currentStateModified())
        .withSnapshots(
            machine.snapshots().stream()
                .map(snapshot -> snapshot.withHardware(map(snapshot.hardware(), change)))
                .toList(),
            machine.currentSnapshot(),
            machine.lastStateChange());
  }

  static Hardware map(Hardware hardware, UnaryOperator<Attachment> change) {
    return hardware.withAttachments(hardware.attachments().stream().map(change).toList());
  }
}
