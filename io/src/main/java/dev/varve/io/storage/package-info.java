/**
 * The threads that may wait for the host: everything that can block (cold pages, {@code fallocate},
 * {@code fdatasync}) runs here and nowhere else.
 *
 * <p>Read {@link dev.varve.io.storage.StorageThreads}, then {@link dev.varve.io.storage.Lane} and
 * {@link dev.varve.io.storage.SharedRun}. Knows nothing of disks.
 */
@NullMarked
package dev.varve.io.storage;

import org.jspecify.annotations.NullMarked;
