package dev.varve.io.chain;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Where each unit of the disk lies, over all images of the chain: a read needs one look-up, however
 * deep the chain is.
 *
 * <p>The disk is cut into <i>units</i>, the smallest block size of the chain. An entry says which
 * file holds the unit and at which offset, or is one of the constants below. Entries come in
 * chunks. A chunk stays unknown until it is needed, so that a disk of many TiB opens at once. It is
 * unknown again when {@link MapMemory} needs its memory for another one, at any moment: a caller
 * that needs an entry asks {@link ChainReader#entry}.
 *
 * <p>Any thread may call any method and takes no lock to read; {@link #set} and {@link #fill} need
 * the map lock, so that a chunk that is filled misses no change.
 */
final class ChainMap implements MapMemory.Forgetful {

  /** Not known yet: {@link ChainReader#learn} fills the chunk, on a storage thread. */
  static final long UNKNOWN = 0;

  /** An image marks the unit as zero, which hides the images below it. */
  static final long ZERO = 1;

  /** No image holds the unit: it reads as zeroes. */
  static final long NONE = 2;

  /**
   * The top image holds some sectors of the unit's block, and the images below hold the others: see
   * {@link PartialBlock}.
   */
  static final long PARTIAL = 3;

  /**
   * The answer differs within the unit and is looked up for each request: an image ends there, or
   * has only some sectors of a block.
   */
  static final long SPLIT = 4;

  /** An image's entry for the unit points outside its file. */
  static final long LOST = 5;

  /**
   * The entry of layer 0 for a unit that it holds in another form than the guest sees it, such as
   * compressed; those of the layers above follow. See {@link #encoded}.
   */
  private static final long ENCODED = 6;

  private static final int OFFSET_BITS = 48;
  private static final long OFFSET_MASK = (1L << OFFSET_BITS) - 1;
  private static final int MIN_CHUNK_SHIFT = 10;
  private static final int MAX_CHUNKS = 1 << 17;
  private static final VarHandle ENTRIES = MethodHandles.arrayElementVarHandle(long[].class);

  private final int unitShift;
  private final int chunkShift;
  private final long units;
  private final AtomicReferenceArray<long[]> chunks;
  private final MapMemory memory;
  private final WeakReference<ChainMap> self = new WeakReference<>(this);

  ChainMap(long capacity, int unitSize, MapMemory memory) {
    this.memory = memory;
    unitShift = Integer.numberOfTrailingZeros(unitSize);
    units = ((capacity - 1) >>> unitShift) + 1;
    int shift = MIN_CHUNK_SHIFT;
    while ((units >>> shift) >= MAX_CHUNKS) shift++;
    chunkShift = shift;
    chunks =
        new AtomicReferenceArray<>(
            (int) (units >>> shift) + 1); // an empty range may lie behind the last unit
  }

  /** The entry for an offset, below 2^48, in the file with this index in {@link ChainReader}. */
  static long at(int file, long fileOffset) {
    return (file + 1L) << OFFSET_BITS | fileOffset;
  }

  /** The entry for a unit that this layer of {@link ChainReader} holds encoded. */
  static long encoded(int layer) {
    return ENCODED + layer;
  }

  /** Whether the entry was made by {@link #encoded}. */
  static boolean isEncoded(long entry) {
    return entry >= ENCODED && !isStored(entry);
  }

  /** The layer that holds an encoded unit. */
  static int layerOfEncoded(long entry) {
    return (int) (entry - ENCODED);
  }

  /**
   * Whether the entry names a place in a file, made by {@link #at}, and is none of the constants.
   */
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

  /** Replaces the entry of a unit, if it is known. */
  void set(long unit, long entry) {
    long[] chunk = chunks.get((int) (unit >>> chunkShift));
    if (chunk != null) ENTRIES.setRelease(chunk, (int) unit & chunk.length - 1, entry);
  }

  /** Fills the chunk that holds {@code unit}, asking {@code source} for each of its units. */
  void fill(long unit, Source source) {
    int index = (int) (unit >>> chunkShift);
    if (chunks.get(index) != null) return;
    long first = (long) index << chunkShift;
    var chunk = new long[1 << chunkShift];
    int count = (int) Math.min(chunk.length, units - first);
    for (int i = 0; i < count; i++) chunk[i] = source.entry(first + i);
    chunks.setRelease(index, chunk);
    memory.filled(self, index, chunk.length);
  }

  @Override
  public void drop(int chunk) {
    chunks.setRelease(chunk, null);
  }

  /** Computes the entry of a unit from the images. */
  interface Source {
    long entry(long unit);
  }
}
