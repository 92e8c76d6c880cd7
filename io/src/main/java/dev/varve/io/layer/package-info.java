/**
 * A layer: one open image of a chain, whatever its format.
 *
 * <p>Read {@link dev.varve.io.layer.Layer} (where a range of the disk is, what the image says of
 * itself), {@link dev.varve.io.layer.Place} (the answer to "where"), then {@link
 * dev.varve.io.layer.LayerWriter} (how a layer gets new contents, and in which order these become
 * durable). {@link dev.varve.io.layer.LayerFormat} opens and makes the files of one format. {@code
 * io/LAYERS.md} tries these interfaces on VMDK, VHD and QCOW2.
 *
 * <p>Where blocks lie is guarded by {@link dev.varve.io.layer.MapLock}: each method says whether
 * the caller holds it. The package knows files and no format; formats ({@code io.vdi}, {@code
 * io.host}) implement it, and {@code io.chain} uses it.
 */
@NullMarked
package dev.varve.io.layer;

import org.jspecify.annotations.NullMarked;
