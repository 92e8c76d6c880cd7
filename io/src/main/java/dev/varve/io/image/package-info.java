/**
 * The formats other than VDI that a file may have, and how each is told from a raw disk.
 *
 * <p>Read {@link dev.varve.io.image.KnownFormat}, the list of these formats. The package reads only
 * the beginning and the end of a file, and knows nothing of layers or disks; a reader for a format
 * belongs into a package of its own. Any thread; may block.
 *
 * <p>Raw files have no signature, so a file with a signature is refused as raw, unless the user
 * says that it is raw: a guest may have written the signature. The contents of a file that is
 * registered as raw are therefore never examined.
 */
@NullMarked
package dev.varve.io.image;

import org.jspecify.annotations.NullMarked;
