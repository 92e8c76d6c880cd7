/**
 * The machines and media of a state folder, and everything that may be asked of them: the rules of
 * the attachment model.
 *
 * <p>Read {@link dev.varve.core.inventory.Inventory}. State is an immutable value that each call
 * replaces; disks are reached through {@link dev.varve.core.medium.ImageFiles} and {@link
 * dev.varve.core.inventory.RunningDisks}, settings files through {@link
 * dev.varve.core.settings.StateFolder}.
 */
@NullMarked
package dev.varve.core.inventory;

import org.jspecify.annotations.NullMarked;
