/**
 * What {@code varve} can be told to do, a class per command.
 *
 * <p>Read {@link dev.varve.http.command.ServeCommand}. A command checks its options, calls {@code
 * io}, and prints; it throws what went wrong and leaves it to {@code Main} to tell the user.
 */
@NullMarked
package dev.varve.http.command;

import org.jspecify.annotations.NullMarked;
