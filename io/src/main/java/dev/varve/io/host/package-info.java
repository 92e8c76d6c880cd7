/**
 * The raw format, and disks without an image: raw files, block devices of the host, and empty
 * drives.
 *
 * <p>Read {@link dev.varve.io.host.RawMedium} (an open file or device), then {@link
 * dev.varve.io.host.RawDisk}, which serves one as a disk by itself or as one stage of a running
 * disk, and {@link dev.varve.io.host.RawLayer}, the same medium as the base of a chain. {@link
 * dev.varve.io.host.HostDrive} and {@link dev.varve.io.host.VirtualBoxService} describe the host.
 *
 * <p><b>Threads.</b> Reads of resident data come from the mapping in the calling thread; requests
 * that may wait run on storage threads. All access goes through the host's page cache, unless a
 * device was opened past it, so a guest may write at any offset, even to a device with sectors of 4
 * KiB.
 *
 * <p><b>What it must not know.</b> It knows files, threads and the interfaces of {@code io.layer},
 * and nothing of chains or sockets. It never looks at the contents of a raw medium.
 *
 * <p><b>Choices.</b>
 *
 * <ul>
 *   <li>A block device is discarded and zeroed with {@code fallocate}, not with {@code BLKDISCARD}.
 *       The latter does not promise what is read afterwards, but a guest is promised zeroes. If a
 *       device cannot discard and promise zeroes, zeroes are written to it.
 *   <li>A block device that is written is claimed ({@code O_EXCL}), so that the host cannot mount
 *       it meanwhile. A device that is only read is not claimed, so that a disc that the host has
 *       mounted can be read.
 *   <li>A file that becomes shorter while it is open is no longer written, since a write would
 *       lengthen it again and hide the loss.
 * </ul>
 */
@NullMarked
package dev.varve.io.host;

import org.jspecify.annotations.NullMarked;
