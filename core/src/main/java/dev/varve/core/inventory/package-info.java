/**
 * The machines and media of a state folder, and everything that may be asked of them: the rules of
 * the attachment model.
 *
 * <p><b>A tour.</b>
 *
 * <ol>
 *   <li>{@link dev.varve.core.inventory.Inventory} is the door: one method for each thing that may
 *       be asked, and {@link dev.varve.core.inventory.View} to look. {@link
 *       dev.varve.core.inventory.Ports} is what it needs from outside. A call names the places of
 *       the host that it touches ({@code HostPlaces}) and waits for them before it takes the lock.
 *   <li>{@code Transactions} has the lock and the present state, and puts the next state in its
 *       place: for as long as a session lasts ({@code change}), or durably ({@code decide}, through
 *       {@code Store}). What has to be done to files and running disks follows from how the two
 *       states differ.
 *   <li>{@code InventoryState} is that state: an immutable value of {@code MachineEntry}s, each
 *       with its sessions and a {@code WorkingCopy}, of media, and of {@code MediumLock}s.
 *   <li>The rules are functions from a state to the next one, or to a refusal ({@code
 *       ModelErrors}). By subject: machines and their sessions ({@code Machines}, {@code Sessions},
 *       {@code Leases}, {@code SavedStates}); controllers and devices ({@code Controllers}, {@code
 *       Attaching}, {@code SmartAttachment}, {@code Detaching}, {@code Devices}, {@code
 *       BandwidthGroups}); snapshots ({@code Snapshots}, {@code SnapshotDeletion}); media ({@code
 *       Media}, {@code MediumTypes}, {@code MediumLocks}, {@code Registries}, {@code NewDiff},
 *       {@code PendingMerge}, {@code Inspection}, {@code EncryptedMedia}).
 *   <li>Machines that run: {@code MachinePower} starts and stops them ({@code MachineStart}),
 *       {@code MachineRuns} lets their disks follow each change, through the port {@link
 *       dev.varve.core.inventory.RunningDisks}.
 *   <li>What takes long: {@code MediumJobs} is what may be asked for, {@code RunningWork} carries a
 *       {@code Work} from its beginning to its end, {@code Jobs} lists them.
 *   <li>What outlives the process: {@code Store} for what is durable, {@code Unfinished} for what
 *       the next run has to finish, {@code Loading} for the way back from files to a state, {@code
 *       OutsideEdits} for what other programs write meanwhile.
 * </ol>
 *
 * <p>Threads: see {@link dev.varve.core.inventory.Inventory}. Values and views may be used by any
 * thread; rules run with the lock of {@code Transactions}. Disks are reached through {@link
 * dev.varve.core.medium.ImageFiles}, settings files through {@link
 * dev.varve.core.settings.StateFolder}. Nothing here knows NBD, HTTP or how an image is laid out.
 */
@NullMarked
package dev.varve.core.inventory;

import org.jspecify.annotations.NullMarked;
