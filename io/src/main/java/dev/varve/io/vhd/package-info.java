/**
 * The VHD image format: fixed, dynamic and differencing images. All numbers in it are big-endian.
 *
 * <p>Read {@link dev.varve.io.vhd.VhdFooter} and {@code VhdHead} (what a file says about itself),
 * then {@link dev.varve.io.vhd.VhdImage}, the {@code Layer} that {@code io.chain} reads, and {@code
 * VhdLayerWriter}, which writes it. {@link dev.varve.io.vhd.VhdFormat} is the entry of the list of
 * formats.
 *
 * <p><b>Words.</b> A <i>block</i> is a piece of the disk. In the file, a block is its
 * <i>bitmap</i>, one bit a sector, and its data behind that. The <i>block table</i> (BAT) gives
 * each block the sector of its bitmap. A sector whose bit is clear is not in the image, whatever
 * bytes lie there. The <i>footer</i> is the last sector of the file; dynamic and differencing
 * images have a copy of it at the beginning.
 *
 * <p><b>Threads.</b> All methods that touch a file may wait for the medium, and run on storage
 * threads. The map lock of the disk guards the block table and the bitmaps of an open image.
 *
 * <p><b>What it must not know.</b> An image knows where its own blocks lie, and nothing of the
 * other images of a chain, of devices or of sockets. The paths of parents in a file (locators) are
 * written and never followed.
 *
 * <p><b>Where readers of the format differ.</b> The current size in the footer is the size of the
 * disk, as in VirtualBox, and never the geometry. A bitmap counts in every image, as in VirtualBox;
 * QEMU ignores it. The rules are in {@code io/FORMATS.md}, section 3.
 */
@NullMarked
package dev.varve.io.vhd;

import org.jspecify.annotations.NullMarked;
