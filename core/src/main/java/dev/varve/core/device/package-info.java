/**
 * The ports to real disks: what a front end (NBD, an emulator in this process) may ask of an open
 * virtual disk, and what the disk promises in return.
 *
 * <p>Read {@link dev.varve.core.device.BlockDevice} first. Two ways lead to the data. {@code
 * tryRead} and {@code tryWrite} serve hot data in the calling thread and never wait; when they
 * answer {@code false}, the same work is handed over as a {@link
 * dev.varve.core.device.DeviceRequest}, which storage threads carry out. This package knows nothing
 * of image formats, files or sockets.
 */
@NullMarked
package dev.varve.core.device;

import org.jspecify.annotations.NullMarked;
