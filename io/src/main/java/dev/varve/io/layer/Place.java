package dev.varve.io.layer;

/**
 * What a layer says of a range of its disk, in one {@code long}: the place in a file where its
 * first byte lies, or one of the constants. A place can have any alignment. Stateless; any thread.
 */
public final class Place {

  /** The layer has nothing there: the images below decide, and below the base there are zeroes. */
  public static final long FREE = -1;

  /** It reads as zeroes, whatever lies below. */
  public static final long ZERO = -2;

  /** The layer says that it holds the range, at a place that its file does not have. */
  public static final long LOST = -3;

  /** The answer is not the same for all of the range: ask for less, {@link Layer#run} says how. */
  public static final long MIXED = -4;

  /**
   * The layer holds the range, and the file does not have its bytes as the guest sees them: {@link
   * Layer#decode} tells them.
   */
  public static final long ENCODED = -5;

  private static final int OFFSET_BITS = 48;
  private static final long OFFSET_MASK = (1L << OFFSET_BITS) - 1;

  private Place() {}

  /**
   * A place in a file.
   *
   * @param file its index among the layer's files, below 2^15
   * @param offset in bytes, below 2^48
   */
  public static long at(int file, long offset) {
    return (long) file << OFFSET_BITS | offset;
  }

  /** Whether it is a place in a file, and none of the constants. */
  public static boolean isStored(long place) {
    return place >= 0;
  }

  /** Whether the layer decides what the range holds: it is anything but {@link #FREE}. */
  public static boolean isDecided(long place) {
    return place != FREE;
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
