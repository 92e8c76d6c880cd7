/**
 * What keeps a server from working well on this host: each check looks at one thing, and says what
 * is wrong and how to mend it.
 *
 * <p>Read {@link dev.varve.http.doctor.Check}, then {@link dev.varve.http.doctor.Checks}, which has
 * all of them, and {@link dev.varve.http.doctor.Report}, which runs them: each in a thread of its
 * own, for a bounded time, since what it looks at may not answer. A check changes nothing, needs no
 * server, and never fails for want of a permission: that is a finding. Knows no command line; the
 * settings that count are handed in as an {@link dev.varve.http.doctor.Installation}.
 */
@NullMarked
package dev.varve.http.doctor;

import org.jspecify.annotations.NullMarked;
