package dev.varve.io.layer;

/**
 * Where a range of a layer's disk is, in one {@code long}: the place of its first byte, which is an
 * offset in one of the layer's files, or one of the constants. A place can have any alignment.
 * Stateless; any thread.
 */
public final class Place {

  /**
   * The layer does not hold the range: the images below do, and below the base there are zeroes.
   */
  public static final long FREE = -1;

  /** The range reads as zeroes, whatever lies below. */
  public static final long ZERO = -2;

  /**
   * The layer says that it has the range, and its file has not: an entry points outside it, or the
   * file is too short.
   */
  public static final long LOST = -3;

  /**
   * The answer differs within the range: ask for a part of it, as long as {@link Layer#run} says.
   */
  public static final long MIXED = -4;

  /**
   * The layer holds the range in another form than the guest sees it: {@link Layer#decode} decodes
   * it.
   */
  public static final long ENCODED = -5;

  private static final int OFFSET_BITS = 48;
  private static final long OFFSET_MASK = (1L << OFFSET_BITS) - 1;

  private Place() {}

  /**
   * A place in a file.
   *
   * @param file the index of the file among the layer's files, below 2^15
   * @param offset in bytes, below 2^48
   */
  public static long at(int file, long offset) {
    return (long) file << OFFSET_BITS | offset;
  }

  /** Whether it is a place in a file and none of the constants. */
  public static boolean isStored(long place) {
    return place >= 0;
  }

  /** The index of a stored place's file. */
  public static int file(long place) {
    return (int) (place >>> OFFSET_BITS);
  }

  /** The offset of a stored place in its file, in bytes. */
  public static long offset(long place) {
    return place & OFFSET_MASK;
  }
}
