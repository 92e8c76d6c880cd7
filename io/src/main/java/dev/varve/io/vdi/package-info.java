/**
 * The VDI image format: one file, its header, its block map.
 *
 * <p>Read {@link dev.varve.io.vdi.VdiHeader}, then {@link dev.varve.io.vdi.VdiImage}. {@link
 * dev.varve.io.vdi.VdiCreator} makes images, {@link dev.varve.io.vdi.VdiCheck} finds damage and
 * repairs it. An image knows where its own blocks lie and nothing of the other images of a chain.
 *
 * <p>Where the format is silent or its readers differ: what VirtualBox 7.2 opens is read, with a
 * note if it is unusual. A header that another program could read differently is refused: a map
 * that begins within the header, flags without a meaning.
 */
@NullMarked
package dev.varve.io.vdi;

import org.jspecify.annotations.NullMarked;
