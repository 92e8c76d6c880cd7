/**
 * Disks without an image format: raw files, block devices of the host, and drives with nothing in
 * them.
 *
 * <p>Read {@link dev.varve.io.host.RawMedium}, then {@link dev.varve.io.host.RawDisk}, which is a
 * disk by itself or one stage of a running one. Reads of what is in the host's memory come from the
 * mapping in the calling thread, whatever may wait runs on storage threads. Everything goes through
 * the host's page cache, so a guest may write at any offset, also to a device with sectors of 4
 * KiB. Knows files and threads, and nothing of chains or sockets.
 *
 * <p><b>Choices.</b>
 *
 * <ul>
 *   <li>A block device is discarded and zeroed by {@code fallocate}, not by {@code BLKDISCARD}:
 *       that one promises nothing about what is read afterwards, and a guest is promised zeroes. A
 *       device that cannot discard and promise zeroes is written with zeroes.
 *   <li>A block device that is written is claimed ({@code O_EXCL}), so that the host cannot mount
 *       it meanwhile. One that is only read is not: a disc that the host has mounted can be read.
 *   <li>A file that becomes shorter while it is open is no longer written, because writing would
 *       lengthen it again and hide what was lost.
 * </ul>
 */
@NullMarked
package dev.varve.io.host;

import org.jspecify.annotations.NullMarked;
