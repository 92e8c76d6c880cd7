/**
 * How what happens is counted: numbers ({@link dev.varve.core.measure.LoneCounter}), and durations
 * in buckets ({@link dev.varve.core.measure.DurationCounter}, which one thread writes; {@link
 * dev.varve.core.measure.Durations}, what it has counted).
 *
 * <p><b>Threads.</b> A counter belongs to the thread that counts: an event loop, or whatever does
 * one flush at a time. It adds without a lock and without an atomic addition. Any thread reads it
 * at any time, without a lock, and gets values of its own. So a scrape of metrics waits for nothing
 * and makes nothing wait. Knows nothing of disks, requests and the clock.
 */
@NullMarked
package dev.varve.core.measure;

import org.jspecify.annotations.NullMarked;
