/**
 * Several files that change together: all of them or none, also if the process is killed in the
 * middle.
 *
 * <p>Read {@link dev.varve.core.journal.Changes}, then {@link
 * dev.varve.core.journal.IntendedChange} for the life of one change. First the intent becomes
 * durable, with the image files that will be made; then the new contents are written beside the
 * files that they replace; then the decision becomes durable, with those contents and the {@link
 * dev.varve.core.journal.FileStep}s; then it is carried out. What a crash leaves: before the
 * decision nothing, since the next opening deletes what was made; after it a change that the next
 * opening finishes. {@code JournalEntry} shows the bytes.
 *
 * <p>Used by one thread at a time, if a method does not say otherwise; everything may block. Knows
 * paths, bytes and images, and nothing of machines, of XML or of what the files mean: {@link
 * dev.varve.core.journal.ImageUse} is asked for that.
 *
 * <p>Other programs write the same files and take no locks. A file is replaced only if it holds
 * what it held when the change was prepared; otherwise the other program's version stays and ours
 * is {@link dev.varve.core.journal.Kept} beside it.
 */
@NullMarked
package dev.varve.core.journal;

import org.jspecify.annotations.NullMarked;
