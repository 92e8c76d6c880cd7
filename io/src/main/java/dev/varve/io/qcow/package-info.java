/**
 * The formats QCOW2 (versions 2 and 3) and QCOW (version 1) of QEMU, which are only read.
 *
 * <p>Read {@link dev.varve.io.qcow.QcowImage}, one open image as a {@code Layer}, then {@code
 * QcowTables} (where a cluster lies) and {@code QcowHeader} (its fields and rules). {@link
 * dev.varve.io.qcow.QcowFormat} is the entry of the list of formats. {@code io/FORMATS.md} section
 * 4 says what was observed of the format.
 *
 * <p><b>Words.</b> A <i>cluster</i> is the unit of allocation. The L1 table names L2 tables, whose
 * entries name clusters. A cluster of an image with extended L2 entries has 32 <i>subclusters</i>.
 *
 * <p><b>Threads.</b> All methods that touch a file may wait for the medium. Nothing in a file
 * changes while it is open, so nothing needs a lock but the pieces of tables that are kept.
 *
 * <p><b>What it must not know.</b> Chains, devices and other formats. The name of the image below,
 * which the file stores, is never followed: the settings file names the images of a chain.
 */
@NullMarked
package dev.varve.io.qcow;

import org.jspecify.annotations.NullMarked;
