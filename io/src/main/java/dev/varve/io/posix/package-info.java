/**
 * The system calls of Linux that the JDK does not offer, or offers with a different meaning,
 * through {@code java.lang.foreign}.
 *
 * <p>Read {@link dev.varve.io.posix.Posix}. It runs on the caller's thread, keeps no state but one
 * word for errno per thread, and knows neither images nor paths beyond those passed in. Everything
 * that Varve asks of the kernel about an image file goes through here, so that the same descriptor,
 * error numbers and retry rules hold everywhere.
 */
@NullMarked
package dev.varve.io.posix;

import org.jspecify.annotations.NullMarked;
