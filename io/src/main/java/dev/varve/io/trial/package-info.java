/**
 * Tries what the host can do: a folder's file system, who listens on a port, which programs of
 * VirtualBox run, whether an image is in use. What is tried leaves nothing behind, also if the
 * program is killed meanwhile, and touches no file that it has not made.
 *
 * <p>Read {@link dev.varve.io.trial.FolderTrial}. Any thread; everything may block, and all that
 * touches a file system may block for ever if that does not answer: ask {@link
 * dev.varve.io.trial.Silence} first. Knows no image format, no machine and no server; what a result
 * means for a user is for the caller.
 */
@NullMarked
package dev.varve.io.trial;

import org.jspecify.annotations.NullMarked;
