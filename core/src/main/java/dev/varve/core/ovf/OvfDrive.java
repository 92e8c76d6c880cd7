package dev.varve.core.ovf;

import dev.varve.core.machine.Slot;
import dev.varve.core.medium.DeviceType;
import org.jspecify.annotations.Nullable;

/**
 * A device in a slot of a packed machine. Immutable.
 *
 * @param disk of a hard disk; null for the other drives, which are empty
 */
public record OvfDrive(Slot slot, DeviceType type, @Nullable OvfDisk disk) {}
