package dev.varve.core.inventory;

import static dev.varve.core.medium.ErrorCode.VBOX_E_OBJECT_NOT_FOUND;

import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.StorageController;

/** What a call names of a machine's hardware; a call that names what is not there is refused. */
final class HardwareLookup {

  private HardwareLookup() {}

  static StorageController controller(Hardware hardware, String name) {
    StorageController controller = hardware.controller(name);
    if (controller == null)
      throw ModelErrors.of(
          VBOX_E_OBJECT_NOT_FOUND,
          "there is no storage controller '%s'; there %s",
          name,
          hardware.controllers().isEmpty()
              ? "is none at all: add one"
              : "are " + hardware.controllers().stream().map(StorageController::name).toList());
    return controller;
  }

  static Attachment attachment(Hardware hardware, Slot slot) {
    Attachment attachment = hardware.attachment(slot);
    if (attachment == null)
      throw ModelErrors.of(
          VBOX_E_OBJECT_NOT_FOUND, "nothing is attached at %s; attach a device first", slot);
    return attachment;
  }
}
