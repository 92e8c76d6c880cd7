package dev.varve.core.medium;

import java.nio.file.Path;
import java.util.List;

/**
 * The disk whose allocation was read. Immutable.
 *
 * @param files of its chain, base first
 * @param capacity in bytes
 */
public record MappedDisk(List<Path> files, long capacity) {}
