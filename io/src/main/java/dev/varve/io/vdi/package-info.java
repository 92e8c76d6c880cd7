/**
 * The VDI image format: one file, its header, its block map and its file blocks.
 *
 * <p>Read {@link dev.varve.io.vdi.VdiHeader}, then {@link dev.varve.io.vdi.VdiImage}, the {@code
 * Layer} that {@code io.chain} reads, and {@code VdiLayerWriter}, which writes it. {@link
 * dev.varve.io.vdi.VdiFormat} is the entry of the list of formats, {@link
 * dev.varve.io.vdi.VdiCreator} creates images, {@link dev.varve.io.vdi.VdiCheck} finds damage and
 * repairs it.
 *
 * <p><b>Words.</b> A <i>block</i> is a piece of the disk, a <i>file block</i> a piece of the file
 * that can hold a block. The block map gives each block its file block. Messages to users call a
 * file block a place.
 *
 * <p><b>Threads.</b> All methods that touch a file may wait for the medium, and run on storage
 * threads. The map lock of the disk guards the block map and the free file blocks of an open image.
 *
 * <p><b>What it must not know.</b> An image knows where its own blocks lie, and nothing of the
 * other images of a chain, of devices or of sockets.
 *
 * <p><b>Where the format is silent, or its readers differ.</b> Varve reads what VirtualBox 7.2
 * opens, with a note if it is unusual. It refuses a header that another program could read
 * differently, such as a map that begins within the header, or flags without a meaning.
 */
@NullMarked
package dev.varve.io.vdi;

import org.jspecify.annotations.NullMarked;
