package dev.varve.core.inventory;

import org.jspecify.annotations.Nullable;

/**
 * What became of the file of a saved memory. Immutable.
 *
 * @param stateFile absolute, or as the settings file names it if no file here can have that name
 * @param kept why it is still there; null if it is not
 */
public record DiscardedState(String stateFile, @Nullable String kept) {}
