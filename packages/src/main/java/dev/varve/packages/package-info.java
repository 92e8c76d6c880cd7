/**
 * Runs while packages are built, and is not part of them: writes the manual pages and the
 * completion of the shell from the commands of the program.
 *
 * <p>Read {@link dev.varve.packages.Documentation}. Runs on the main thread of a build. Knows the
 * command line and nothing behind it.
 */
@NullMarked
package dev.varve.packages;

import org.jspecify.annotations.NullMarked;
