/**
 * Units of an image that the guest does not see as they lie in the file: compressed clusters of
 * QCOW2, compressed grains of VMDK. How they are inflated, and what of them stays in memory.
 *
 * <p>Read {@link dev.varve.io.encoded.EncodedUnits}: one for each open image; a layer's {@code
 * decode} and {@code tryDecoded} go to it. {@link dev.varve.io.encoded.DecodedPages} is the memory
 * that all images of the process share, {@link dev.varve.io.encoded.Deflated} and {@link
 * dev.varve.io.encoded.Zstandard} inflate one unit.
 *
 * <p><b>Threads.</b> Event loops only look whether a page is there and copy it; storage threads
 * inflate.
 *
 * <p><b>What it must not know.</b> Formats and chains: a format says how one unit is decoded.
 */
@NullMarked
package dev.varve.io.encoded;

import org.jspecify.annotations.NullMarked;
