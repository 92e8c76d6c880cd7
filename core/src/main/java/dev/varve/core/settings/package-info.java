/**
 * Settings files: a machine's {@code .vbox} file, the list of machines, and the folder that holds
 * the list.
 *
 * <p>Read {@link dev.varve.core.settings.StateFolder}; then {@code MachineFile} for what a file
 * means. {@code core.xml} says how the rest of a file stays as it is, and {@code core.journal} how
 * several files change together and what a crash leaves. May block; called by one thread at a time.
 * Knows no rule of the model but those that make a file one that cannot be loaded.
 *
 * <p>Choices: a save changes in the file what the model says differently and nothing else, down to
 * white space. Whatever VirtualBox knows besides storage stays with the current state when a
 * snapshot is restored, and is copied into new snapshots. Formats 1.11 to 1.22 are read, and newer
 * ones where all that says what disks there are stands in known places; a file keeps its version,
 * and the form of it, since a program that reads it takes the defaults of that version. The limits
 * of bandwidth groups that VirtualBox has no attribute for are in {@code ExtraData}, see {@code
 * ExtraLimits}; a snapshot that VirtualBox takes has them not.
 *
 * <p>Other programs write the same files and take no locks. A file is written over only if it holds
 * what was last read from it or decided for it: that is looked at when a save is prepared, again at
 * its decision, and again before the new file takes the name, where the two last find the other's
 * version in place and keep ours beside it as {@code NAME.varve-kept}. Between that last look and
 * the rename lie some microseconds in which another program's version would be lost.
 */
@NullMarked
package dev.varve.core.settings;

import org.jspecify.annotations.NullMarked;
