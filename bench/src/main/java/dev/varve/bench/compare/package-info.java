/**
 * How fast Varve is beside other servers, on the same data in the same minutes.
 *
 * <p>Read {@link dev.varve.bench.compare.CompareCommand}, then {@link
 * dev.varve.bench.compare.Workload}. Everything here runs in one thread, except the clients of
 * {@link dev.varve.bench.compare.IsolationCommand} and {@link
 * dev.varve.bench.compare.LimitsCommand}. All servers are other processes, Varve too: Varve's
 * classes are used only to write test images and to call its API.
 */
@NullMarked
package dev.varve.bench.compare;

import org.jspecify.annotations.NullMarked;
