/**
 * Virtual disks as the model knows them, and the port to the files behind them.
 *
 * <p>Read {@link dev.varve.core.medium.Medium}, then {@link dev.varve.core.medium.ImageFiles}.
 * Plain values; only an implementation of the port touches a file. Knows nothing of machines.
 */
@NullMarked
package dev.varve.core.medium;

import org.jspecify.annotations.NullMarked;
