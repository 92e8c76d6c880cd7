/**
 * The command line: a class per command, the options that several commands share, converters of
 * what the user writes, and the tables and sentences that commands print.
 *
 * <p>Read {@link dev.varve.http.command.ServeCommand}, then {@link
 * dev.varve.http.command.MachineCommand}. {@code serve} opens a server of {@code
 * dev.varve.http.server}; {@code machine}, {@code medium}, {@code host} and {@code job} ask one
 * that runs, through {@code dev.varve.http.client}; {@code image} works on files through {@code
 * io}. A command checks its options, does that one thing and prints; it throws what went wrong and
 * leaves it to {@code Main} to tell the user. Commands run on the program's main thread and may
 * block. Knows no rule of the model, and opens no image itself that a server has.
 */
@NullMarked
package dev.varve.http.command;

import org.jspecify.annotations.NullMarked;
