/**
 * Hashes of bytes. Read {@link dev.varve.core.hash.Sha256}. Any thread; knows nothing of what is
 * hashed.
 */
@NullMarked
package dev.varve.core.hash;

import org.jspecify.annotations.NullMarked;
