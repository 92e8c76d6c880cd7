/**
 * What a VMDK image says about itself: the text descriptor and the header of a sparse extent.
 *
 * <p>Read {@link dev.varve.io.vmdk.header.Descriptor}, then {@link
 * dev.varve.io.vmdk.header.SparseHeader}. Both check every field before anything uses it: a value
 * that exists obeys the rules of {@code io/FORMATS.md}, section 2. {@link
 * dev.varve.io.vmdk.header.NewDescriptor} makes the text of a new image. {@link
 * dev.varve.io.vmdk.header.Extent} is what the kinds of extents have in common.
 *
 * <p><b>Threads.</b> All types are immutable values; what reads a file blocks.
 *
 * <p><b>What it must not know.</b> Grain tables, compressed grains, and how an image is written. It
 * reads the first bytes of a file and changes none.
 */
@NullMarked
package dev.varve.io.vmdk.header;

import org.jspecify.annotations.NullMarked;
