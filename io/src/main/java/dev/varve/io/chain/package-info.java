/**
 * A chain of images as one disk: a read finds its data with one look-up, however many images there
 * are; a write goes to the top image.
 *
 * <p>Read {@link dev.varve.io.chain.DifferencingChain} first: it says which request is served on
 * which thread. Then {@code ChainMap} (where each unit of the disk lies), {@code TopImage}
 * (allocation, copy-on-write, discard) and {@code Flusher} (the order in which changes become
 * durable).
 *
 * <p>{@link dev.varve.io.chain.LiveChain} is the disk of a running machine: its chain can get and
 * lose images while a guest uses it, and may be a raw file or device alone. {@link
 * dev.varve.io.chain.ChainFiles} carries out what the model asks of images that are not in use.
 * Both merge with {@code BlockMerge}.
 *
 * <p><b>Threads.</b> Event loops only read resident data and write in place, without waiting;
 * everything else runs on storage threads. The public devices are thread-safe; each class says what
 * else holds.
 *
 * <p><b>What it must not know.</b> The package works on images through {@code io.layer}: the rules
 * of a format stay in {@code io.vdi} and {@code io.host}, and {@code Formats} is the list of
 * formats. It knows no sockets and no model beyond the port {@code ImageFiles}.
 *
 * <p><b>What guards what.</b> Data in place ({@code WritesInPlace}): any thread writes it, inside
 * {@code ReaderEpochs}, so that a change of the block can wait for the write. The places of blocks:
 * the device's change lane and its flusher change them, under the {@code MapLock} of the disk.
 * Readers take no lock: they see an entry of the map from before or after a change, and both are
 * right, since a discarded block keeps its place while readers may use it.
 *
 * <p><b>What VirtualBox expects.</b> It allocates the next block at the position that the header of
 * a VDI image counts, without a look at the block map, and it refuses an image for good once the
 * count has passed the number of blocks. So the count always equals the number of entries that name
 * a file block, and those file blocks are the ones below the count. {@code io.vdi.FileBlocks} says
 * how a discard keeps that true, {@code Flusher} in which order count and entries become durable.
 * The count in the file is higher only between the two syncs of a commit that gives blocks new
 * places, and while {@code io.vdi.DenseFile} works. {@code ChainImages} corrects what a crash
 * leaves of that when the image is next opened for writing, or in a chain that is.
 */
@NullMarked
package dev.varve.io.chain;

import org.jspecify.annotations.NullMarked;
