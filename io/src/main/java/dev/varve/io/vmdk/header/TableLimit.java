package dev.varve.io.vmdk.header;

import dev.varve.io.layer.ImageFormatException;

/**
 * How many grain tables the extents of one image may have together. Every extent keeps its
 * directory in memory, and a small file with holes can claim a large one. The limit is that of the
 * largest image that Varve makes, twice over.
 *
 * <p>Not thread-safe: one for each image that is opened.
 */
public final class TableLimit {

  /** As many grains as one extent can have. */
  private static final long MAX_GRAINS = 1L << 30;

  private static final long MAX_TABLES = 1L << 22;

  private long grains;
  private long tables;

  /**
   * Counts the tables of one more extent, before its directory is read.
   *
   * @param name its file
   * @throws ImageFormatException if there are too many
   */
  public void add(String name, SparseHeader header) throws ImageFormatException {
    grains += Math.ceilDiv(header.capacitySectors(), (long) header.grainSectors());
    if (grains > MAX_GRAINS) throw refused(name, "grains", grains, MAX_GRAINS);
    addTables(name, header.directoryEntries());
  }

  /** The same for an extent without that header. */
  public void addTables(String name, long count) throws ImageFormatException {
    tables += count;
    if (tables > MAX_TABLES) throw refused(name, "grain tables", tables, MAX_TABLES);
  }

  private static ImageFormatException refused(String name, String what, long count, long most) {
    return VmdkRules.unsupported(
        name,
        "the number of " + what + " up to this extent of the image",
        count,
        "for more than %d the image would need too much memory".formatted(most));
  }
}
