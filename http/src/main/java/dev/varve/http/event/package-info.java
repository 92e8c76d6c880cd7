/**
 * The events that clients of the control plane hear of: numbered, kept for a while, and read by
 * each client at its own speed.
 *
 * <p>Read {@link dev.varve.http.event.EventLog} first. Any thread may append; nothing waits. Knows
 * neither what events are about nor how they are sent.
 */
@NullMarked
package dev.varve.http.event;

import org.jspecify.annotations.NullMarked;
