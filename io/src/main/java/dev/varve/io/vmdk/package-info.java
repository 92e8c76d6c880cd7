/**
 * The VMDK image format: a descriptor, and extents with the bytes of the disk.
 *
 * <p>Read {@link dev.varve.io.vmdk.VmdkFormat}, the entry of the list of formats, then {@link
 * dev.varve.io.vmdk.VmdkImage}, one open image over its extents, {@code SparseExtent}, which finds
 * grains, and {@code VmdkLayerWriter}, which writes them. {@code io.vmdk.header} knows the
 * descriptor and the header, {@code io/FORMATS.md} section 2 the rules.
 *
 * <p><b>Words.</b> A <i>grain</i> is VMDK's block. A <i>grain table</i> gives each grain its sector
 * in the file; the <i>grain directory</i> names the tables. Both exist twice in a file that
 * VirtualBox makes, and VirtualBox refuses an image whose copies differ.
 *
 * <p><b>Threads.</b> All methods that touch a file may wait for the medium, and run on storage
 * threads. The map lock of the disk guards the grain tables of an open image.
 *
 * <p><b>What it must not know.</b> The other images of a chain, devices and sockets.
 */
@NullMarked
package dev.varve.io.vmdk;

import org.jspecify.annotations.NullMarked;
