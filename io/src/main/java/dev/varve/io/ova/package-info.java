/**
 * Packages of machines: OVA (a tar archive), a descriptor with its disks beside it, Vagrant boxes.
 *
 * <p>Read {@link dev.varve.io.ova.Packages}, then {@code PackageFile}, which the model imports
 * from, and {@code OvaFile}, which it exports to. Threads of jobs; everything blocks. Knows
 * descriptors ({@code core.ovf}) and disks ({@code io.chain}), and no registered machine.
 *
 * <p>A package may come from anywhere. Its members are found by a list that is made and checked
 * before one of them is read: plain names, plain files, each once, each within the archive. They
 * are read in place; only what gzip has packed is unpacked, into files without a name. The archive
 * is read here and not by a library: each field of a header is checked before anything is allocated
 * or skipped by it, and a refusal says which field of which member it was.
 */
@NullMarked
package dev.varve.io.ova;

import org.jspecify.annotations.NullMarked;
