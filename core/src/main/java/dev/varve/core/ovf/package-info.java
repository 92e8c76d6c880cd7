/**
 * The descriptor of a packed machine ({@code .ovf}): what it says, and how one is written that
 * VirtualBox reads.
 *
 * <p>Read {@link dev.varve.core.ovf.OvfReader}, then {@link dev.varve.core.ovf.OvfWriter}. Values
 * and text only: any thread, and nothing blocks. Knows no file, no archive and no registered
 * medium; the caller finds the files that a descriptor names, and decides what becomes of them.
 *
 * <p>Choices: one machine in a descriptor; storage as its items say it. Of the part that VirtualBox
 * adds for itself, the names of controllers, their ports, the kind of guest and the firmware are
 * taken; the rest, such as network, sound and USB, is text that is passed on. What a descriptor
 * refers to is named by plain file names, never by paths or addresses.
 */
@NullMarked
package dev.varve.core.ovf;

import org.jspecify.annotations.NullMarked;
