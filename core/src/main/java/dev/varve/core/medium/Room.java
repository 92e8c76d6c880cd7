package dev.varve.core.medium;

/**
 * What a file system takes before it is full. Immutable.
 *
 * @param bytes {@link #UNKNOWN} where it does not say
 * @param files how many more; {@link #UNKNOWN} where it does not say
 * @param readOnly whether nothing can be written
 */
public record Room(long bytes, long files, boolean readOnly) {

  /** Larger than anything that is needed: whether there is room shows when it is used. */
  public static final long UNKNOWN = Long.MAX_VALUE;
}
