/**
 * Settings files: a machine's {@code .vbox} file, the list of machines, and how several files
 * change together or not at all.
 *
 * <p>Read {@link dev.varve.core.settings.StateFolder}. Keeps whatever it does not know of a file,
 * in its place. May block; called by one thread at a time.
 */
@NullMarked
package dev.varve.core.settings;

import org.jspecify.annotations.NullMarked;
