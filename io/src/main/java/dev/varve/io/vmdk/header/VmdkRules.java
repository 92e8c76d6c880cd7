package dev.varve.io.vmdk.header;

import dev.varve.io.layer.ImageFormatException;

/**
 * What all parts of a VMDK image have in common: units, limits, refusals. Stateless; any thread.
 */
public final class VmdkRules {

  /** The unit of sizes and offsets. */
  public static final int SECTOR = 512;

  /** The largest area for an embedded descriptor that VirtualBox survives, in sectors. */
  static final int MAX_AREA_SECTORS = 20480;

  /** A capacity in bytes stays below 2^48, so that offsets fit a {@code Place}. */
  static final long MAX_SECTORS = (1L << 48) / SECTOR - 1;

  private VmdkRules() {}

  static ImageFormatException broken(String name, String field, Object value, String rule) {
    return new ImageFormatException(
        name, field, value, rule, "the image is damaged or incomplete: restore it from a backup");
  }

  static ImageFormatException unsupported(String name, String field, Object value, String rule) {
    return new ImageFormatException(
        name, field, value, rule, "convert the image with the tool that wrote it");
  }
}
