/**
 * The threads that may wait for the host, where everything runs that can block (cold pages, {@code
 * fallocate}, {@code fdatasync}), and what devices need that work on them: how requests come in,
 * wait their turn, and are waited for.
 *
 * <p>Read {@link dev.varve.io.storage.StorageThreads}, then {@link dev.varve.io.storage.Lane} and
 * {@link dev.varve.io.storage.SharedRun}; {@link dev.varve.io.storage.Stage} is what a running disk
 * asks of a device, and {@link dev.varve.io.storage.Intake} and {@link dev.varve.io.storage.Grace}
 * are how devices do it. Knows nothing of files and images.
 */
@NullMarked
package dev.varve.io.storage;

import org.jspecify.annotations.NullMarked;
