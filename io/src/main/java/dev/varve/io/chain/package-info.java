/**
 * A chain of images as one disk: reading through all of them with one look-up, writing to the top
 * one.
 *
 * <p>Read {@link dev.varve.io.chain.DifferencingChain} first: it says which request is served
 * where. Then {@code ChainMap} (where each piece of the disk lies now), {@code TopImage}
 * (allocation, copy-on-write, discard) and {@code Flusher} (the order in which changes become
 * durable).
 *
 * <p>{@link dev.varve.io.chain.LiveChain} is the disk of a running machine, whose chain changes
 * under it, down to a raw file alone and back; {@link dev.varve.io.chain.ChainFiles} does what the
 * model wants of files that are not in use; {@code BlockMerge} is what both of them merge with.
 *
 * <p><b>Who may change what.</b> Data in place ({@code WritesInPlace}): any thread, under {@code
 * ReaderEpochs} of the writes in flight. Where blocks lie: the device's change lane and its
 * flusher, which agree through the lock of {@code TopBlocks}. Readers take no lock: they see an
 * entry of the map from before or after a change, and both are right, since a block that is
 * discarded keeps its place as long as the disk is open.
 *
 * <p><b>What VirtualBox finds.</b> It allocates at the place that the header counts, without a look
 * at the block map, and refuses an image for ever once the count has passed the number of blocks.
 * So, at every moment the count is the number of entries that name a place, and the places are
 * those below it: {@code Places} says what discarding has to do with it, {@code Flusher} in which
 * order both become durable. Only between the two syncs of a commit that gives blocks new places,
 * and while {@code DenseFile} works, the file may count more than it has; what a crash leaves of
 * that is put right when the image is next opened for writing, as a parent too ({@code
 * ChainImages}).
 */
@NullMarked
package dev.varve.io.chain;

import org.jspecify.annotations.NullMarked;
