/**
 * Decompresses Zstandard (RFC 8878), which QCOW2 images can be compressed with. Written here, in
 * plain Java: the libraries at hand are native code, or go past the JVM's checks of memory with
 * {@code Unsafe}, which the JVM warns of and which is no good thing between a file of a stranger
 * and the memory of a server.
 *
 * <p>Read {@link dev.varve.io.zstd.Zstd}. Frames without a dictionary are decoded; checksums are
 * skipped. The package knows arrays of bytes and nothing else. Nothing waits.
 */
@NullMarked
package dev.varve.io.zstd;

import org.jspecify.annotations.NullMarked;
