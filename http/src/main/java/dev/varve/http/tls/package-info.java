/**
 * The certificates of a server: read from files, given to NBD and HTTP, and read again while the
 * server runs.
 *
 * <p>Read {@link dev.varve.http.tls.ServerTls} first; {@code Certificates} is what was read, {@link
 * dev.varve.http.tls.CertificateWatch} notices new files. TLS is the JDK's, in the versions 1.2 and
 * 1.3, with suites that encrypt and authenticate in one step. Keys that client and server agree on
 * beforehand (PSK), which some NBD programs offer, cannot be had: the JDK has no such suites. Why
 * not BoringSSL: it would read the memory of images itself, and a process whose native code meets
 * an image that was cut is killed, where the JDK throws.
 *
 * <p><b>Threads.</b> Engines are made on any event loop out of what is in memory. Files are read by
 * the caller of {@code reload} only, never on a loop. Knows nothing of disks, machines or routes.
 */
@NullMarked
package dev.varve.http.tls;

import org.jspecify.annotations.NullMarked;
