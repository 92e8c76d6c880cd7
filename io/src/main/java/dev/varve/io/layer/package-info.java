/**
 * A layer: one open image of a chain, whatever its format.
 *
 * <p>Read {@link dev.varve.io.layer.Layer} (where a range of the disk is, the facts of the image),
 * {@link dev.varve.io.layer.Place} (the answer to "where"), then {@link
 * dev.varve.io.layer.LayerWriter} (how a layer gets new contents, and in which order these become
 * durable). {@link dev.varve.io.layer.LayerFormat} opens and makes the files of one format. {@code
 * io/LAYERS.md} has the answers of all formats side by side.
 *
 * <p>{@link dev.varve.io.layer.MapLock} guards where blocks lie; a method says if its caller must
 * hold it. The package knows files and no format: the formats ({@code io.vdi}, {@code io.vmdk},
 * {@code io.vhd}, {@code io.qcow}, {@code io.host}) implement its interfaces, and {@code io.chain}
 * uses them.
 */
@NullMarked
package dev.varve.io.layer;

import org.jspecify.annotations.NullMarked;
