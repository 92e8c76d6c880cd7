/**
 * The kinds of VMDK that are not written in place: streamOptimized, whose grains are deflated, and
 * the sparse extents of ESX (COWD). Both are read here; a streamOptimized image is also made here,
 * from front to back.
 *
 * <p>Read {@link dev.varve.io.vmdk.stream.StreamExtent}, then {@link
 * dev.varve.io.vmdk.stream.StreamWriter}; {@code io/FORMATS.md} section 2.4 says what was observed.
 *
 * <p><b>Threads.</b> As {@link dev.varve.io.vmdk.header.Extent} says; decoding is thread-safe. The
 * writer has one caller, and compresses on the threads that it is given.
 *
 * <p><b>What it must not know.</b> Images that are written in place, chains, and where the bytes of
 * a new image go.
 */
@NullMarked
package dev.varve.io.vmdk.stream;

import org.jspecify.annotations.NullMarked;
