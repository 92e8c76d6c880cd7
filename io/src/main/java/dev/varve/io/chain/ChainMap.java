package dev.varve.io.chain;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Where each piece of the disk lies, over all images of the chain: one look-up, however deep the
 * chain is.
 *
 * <p>The disk is cut into <i>units</i>, the smallest block size of the chain. An entry says which
 * image holds the unit and at which offset of its file, or one of the constants below. Entries come
 * in chunks, which stay unknown until somebody asks for one: a disk of many TiB opens at once and
 * costs memory only where it is used.
 *
 * <p>{@link #entry} may be called by any thread and takes no lock; everything else is called under
 * the lock of whoever owns the map.
 */
final class ChainMap {

  /** Nobody has looked yet: {@link DifferencingChain} fills the chunk on a storage thread. */
  static final long UNKNOWN = 0;

  /** Some image says that the unit is zero, which hides its parents. */
  static final long ZERO = 1;

  /** No image holds the unit: it reads as zeroes. */
  static final long NONE = 2;

  /**
   * The top image holds sectors of the unit's block, and its parents the others: ask the {@link
   * PartialBlock}.
   */
  static final long PARTIAL = 3;

  /**
   * The images do not say the same of all of the unit: resolved anew for each request. Where an
   * image ends, or has only some sectors of a block.
   */
  static final long SPLIT = 4;

  /** An image says that it holds the unit, at a place that its file does not have. */
  static final long LOST = 5;

  /** An image holds the unit, and its file does not have the bytes as a guest sees them. */
  static final long ENCODED = 6;

  private static final int OFFSET_BITS = 48;
  private static final long OFFSET_MASK = (1L << OFFSET_BITS) - 1;
  private static final int MIN_CHUNK_SHIFT = 10;
  private static final int MAX_CHUNKS = 1 << 17;
  private static final VarHandle ENTRIES = MethodHandles.arrayElementVarHandle(long[].class);

  private final int unitShift;
  private final int chunkShift;
  private final long units;
  private final AtomicReferenceArray<long[]> chunks;

  ChainMap(long capacity, int unitSize) {
    unitShift = Integer.numberOfTrailingZeros(unitSize);
    units = ((capacity - 1) >>> unitShift) + 1;
    int shift = MIN_CHUNK_SHIFT;
    while ((units >>> shift) >= MAX_CHUNKS) shift++;
    chunkShift = shift;
    chunks =
        new AtomicReferenceArray<>(
            (int) (units >>> shift) + 1); // an empty range may lie behind the last unit
  }

  /**
   * The entry for a file of the chain, in {@link ChainReader}'s count, and an offset in it below
   * 2^48.
   */
  static long at(int file, long fileOffset) {
    return (file + 1L) << OFFSET_BITS | fileOffset;
  }

  /** Whether the entry is one of {@link #at}, not one of the constants. */
  static boolean isStored(long entry) {
    return entry >>> OFFSET_BITS != 0;
  }

  static int file(long entry) {
    return (int) (entry >>> OFFSET_BITS) - 1;
  }

  static long fileOffset(long entry) {
    return entry & OFFSET_MASK;
  }

  int unitShift() {
    return unitShift;
  }

  int unitSize() {
    return 1 << unitShift;
  }

  /** How many units the disk has; the last may be short. */
  long units() {
    return units;
  }

  /** The entry of a unit, or {@link #UNKNOWN}. */
  long entry(long unit) {
    long[] chunk = chunks.getAcquire((int) (unit >>> chunkShift));
    if (chunk == null) return UNKNOWN;
    return (long) ENTRIES.getAcquire(chunk, (int) unit & chunk.length - 1);
  }

  /** Whether {@link #entry} of this unit would be {@link #UNKNOWN}. */
  boolean isKnown(long unit) {
    return chunks.getAcquire((int) (unit >>> chunkShift)) != null;
  }

  /** Replaces the entry of a unit that is known. */
  void set(long unit, long entry) {
    ENTRIES.setRelease(
        chunks.get((int) (unit >>> chunkShift)), (int) unit & (1 << chunkShift) - 1, entry);
  }

  /** Makes the chunk that holds {@code unit} known, asking {@code source} for each of its units. */
  void fill(long unit, Source source) {
    int index = (int) (unit >>> chunkShift);
    if (chunks.get(index) != null) return;
    long first = (long) index << chunkShift;
    var chunk = new long[1 << chunkShift];
    int count = (int) Math.min(chunk.length, units - first);
    for (int i = 0; i < count; i++) chunk[i] = source.entry(first + i);
    chunks.setRelease(index, chunk);
  }

  /** Tells what the images say of a unit. */
  interface Source {
    long entry(long unit);
  }
}
