/**
 * The program's one log, on standard error: what Varve says through {@code System.Logger}, and what
 * the libraries warn of through SLF4J, one line each.
 *
 * <p>Read {@link dev.varve.http.log.ProgramLog} first. A line says when, how bad it is, what part
 * of the program it is about, and what happened, in the form that suits its reader: a file, a
 * terminal, or journald. A server logs what happens; any other command only what it warns of. Knows
 * nothing of what is logged.
 */
@NullMarked
package dev.varve.http.log;

import org.jspecify.annotations.NullMarked;
