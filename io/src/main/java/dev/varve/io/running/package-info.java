/**
 * The disks of running machines: opened, published as NBD exports, changed while they are used.
 *
 * <p>Read {@link dev.varve.io.running.MachineDisks}, the implementation of {@link
 * dev.varve.core.inventory.RunningDisks}; then {@code RunningMachine}, whose monitor guards a
 * machine's disks, and what changes them: {@code Publisher} opens and publishes a disk, {@code
 * DiskChange} gives a slot other flags or another medium, {@code ChainChanges} puts new tops on
 * chains and merges images. Runs on the threads of the inventory's callers and jobs, which may wait
 * here, and never on an event loop. Knows devices and exports, and no disk's bytes.
 *
 * <p><b>Shared disks.</b> Machines that name the same images, or the same file, for the same use
 * (reading only, or writing) get the same open device, closed when the last of them lets it go: so
 * two machines on a shareable disk see each other's writes, and drives with one disc in them share
 * its memory. Which machines may name the same images is the model's to say. Chains that share
 * their lower images only are devices of their own; the images below are open and mapped once for
 * all of them. A device that several machines use gets no new top and is not merged; nor does a
 * drive of the host, passed through or not.
 *
 * <p><b>Limits.</b> A bandwidth group is a machine's, and holds for all its disks that name it,
 * whatever connections and event loops their requests come from; of a group of kind Network too,
 * since disks may name one. Each slot is limited for itself, so a device that several slots show is
 * as fast as each of them may be. New limits and another group hold from the next request on, also
 * for what waits, and clients stay connected. When an export is withdrawn, what waits of it goes at
 * once: stopping a machine does not wait for its limits.
 *
 * <p><b>Changes.</b>
 *
 * <ul>
 *   <li>An export is withdrawn before another disk is published under its name, so no connection
 *       ever changes the disk that it shows. What is in flight is answered by the old disk.
 *   <li>Flags that a client has been told (read-only, discard, rotational) change by withdrawing
 *       the export and publishing it again; other changes are not noticed by clients. The
 *       description names the image that was on top when the disk was published.
 *   <li>After {@code push} or {@code finish} has made its decision there is no way back. A disk
 *       that then cannot go on as decided is closed, so that its clients get errors, and opened
 *       anew from the images that the decision says; if that fails too, it is not served until it
 *       is changed or the machine is started again. The log says so; the call succeeds, because the
 *       decision stands.
 *   <li>The same holds for the contents of a disk that is unplugged and cannot be made durable: the
 *       guest's flushes have failed before, or it made none.
 * </ul>
 */
@NullMarked
package dev.varve.io.running;

import org.jspecify.annotations.NullMarked;
