/**
 * The storage of a virtual machine as plain values: controllers, attachments, bandwidth groups,
 * snapshots.
 *
 * <p>Read {@link dev.varve.core.machine.Machine}, then {@link dev.varve.core.machine.Hardware}.
 * Immutable; wrong values cannot be built. Knows media by their ids only, and no file but the
 * settings file's name.
 */
@NullMarked
package dev.varve.core.machine;

import org.jspecify.annotations.NullMarked;
