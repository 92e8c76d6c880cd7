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
 * model wants of files that are not in use; {@code Merge} is what both of them merge with.
 *
 * <p><b>Who may change what.</b> Data in place ({@code WritesInPlace}): any thread, under {@code
 * Grace} of the writes in flight. Where blocks lie: the device's change lane and its flusher, which
 * agree through the lock of {@code TopBlocks}. Readers take no lock: they see an entry of the map
 * from before or after a change, and both are right, since the space that an entry gave up is not
 * used again before every reader from before has left.
 */
@NullMarked
package dev.varve.io.chain;

import org.jspecify.annotations.NullMarked;
