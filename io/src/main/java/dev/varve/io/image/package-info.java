/**
 * Which formats other than VDI a file may have, and how each is told from a raw disk.
 *
 * <p>Read {@link dev.varve.io.image.KnownFormat}: it is the one place that knows them. Nothing here
 * reads what is inside such a file; a reader for a format belongs into a package of its own, and
 * its constant then leads there.
 *
 * <p>Raw files have no signature, so everything that has one is refused as raw until the user says
 * that it is raw all the same: a guest may have written the signature. What is registered as raw is
 * therefore never looked at.
 */
@NullMarked
package dev.varve.io.image;

import org.jspecify.annotations.NullMarked;
