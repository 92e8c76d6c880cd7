/**
 * The threads that may wait for the host, where everything runs that can block (cold pages, {@code
 * fallocate}, {@code fdatasync}), and what devices need that work on them: how requests come in,
 * wait their turn, and are waited for.
 *
 * <p>Read {@link dev.varve.io.storage.StorageThreads}, then {@link dev.varve.io.storage.TaskLane}
 * and {@link dev.varve.io.storage.SharedRun}; {@link dev.varve.io.storage.ServingDevice} is what a
 * running disk asks of a device, and {@link dev.varve.io.storage.RequestGate} and {@link
 * dev.varve.io.storage.ReaderEpochs} are how devices do it. Knows nothing of files and images.
 *
 * <p><b>A host that does not answer</b> delays only the requests that need it. What waits for it
 * holds a thread, and another thread takes its place. {@link dev.varve.io.storage.HostWatch} keeps
 * event loops away from a disk whose writes take long, and says when one hangs.
 */
@NullMarked
package dev.varve.io.storage;

import org.jspecify.annotations.NullMarked;
