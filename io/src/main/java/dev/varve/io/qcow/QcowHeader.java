package dev.varve.io.qcow;

import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumVariant;
import dev.varve.io.layer.LayerFacts;

/**
 * What a header says, after all of it was checked. Immutable.
 *
 * @param version 1 (QCOW), 2 or 3 (QCOW2)
 * @param clusterSize in bytes, a power of two
 * @param tableEntries how many clusters an L2 table describes
 * @param l1Offset where the L1 table begins in the file
 * @param l1Entries how many of its entries the capacity needs
 * @param hasBacking whether the file names an image below it
 * @param hasSubclusters whether L2 entries are extended
 * @param isZstd whether compressed clusters are zstd, not deflate
 * @param isDirty whether the counts of references may be wrong, which matters to a writer only
 * @param snapshots how many internal snapshots there are
 */
record QcowHeader(
    int version,
    int clusterSize,
    int tableEntries,
    long capacity,
    long l1Offset,
    long l1Entries,
    boolean hasBacking,
    boolean hasSubclusters,
    boolean isZstd,
    boolean isDirty,
    int snapshots) {

  /** The smallest block that a chain is told, so that its map stays small. */
  private static final int SMALLEST_BLOCK = 64 << 10;

  /** The file stores no id, and no id of the image below. */
  LayerFacts facts() {
    return new LayerFacts(
        ImageFormat.QCOW,
        hasBacking ? MediumVariant.DIFFERENCING : MediumVariant.STANDARD,
        null,
        null,
        null,
        null,
        capacity,
        Math.max(clusterSize, SMALLEST_BLOCK));
  }

  int entrySize() {
    return hasSubclusters ? 16 : 8;
  }
}
