package dev.varve.core.ovf;

/**
 * A file that a descriptor refers to. Immutable.
 *
 * @param href a plain name: no folder, no address
 * @param length in bytes; -1 if it is not said
 * @param gzip whether it is compressed as a whole
 */
public record OvfFile(String href, long length, boolean gzip) {}
