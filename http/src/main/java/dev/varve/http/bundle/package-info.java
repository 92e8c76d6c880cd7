/**
 * What a report of a bug needs to be understood, in one file, without secrets.
 *
 * <p>Read {@link dev.varve.http.bundle.Bundle}, which makes the file of parts, then {@link
 * dev.varve.http.bundle.Redaction}, through which every text goes. A part that cannot be had is
 * told in the bundle and stops nothing; each is waited for in bounded time. Runs on the thread of a
 * command, and looks only: the server goes on as it was.
 */
@NullMarked
package dev.varve.http.bundle;

import org.jspecify.annotations.NullMarked;
