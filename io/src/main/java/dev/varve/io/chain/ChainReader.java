package dev.varve.io.chain;

import dev.varve.core.device.ExtentSink;
import dev.varve.io.file.FileCopy;
import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.MapLock;
import dev.varve.io.layer.Place;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the bytes of a disk in the images of its chain. Any thread may call it; only the methods
 * that say so may wait.
 *
 * <p>The rules are those of VDI.md section 4: the topmost image that holds a block decides, a block
 * marked zero hides the images below, and so does the end of an image: beyond it a longer child
 * reads zeroes.
 */
final class ChainReader {

  private final Layer[] layers;

  /** The files of all layers, base first; an entry of the map names one by its index. */
  private final ImageFile[] files;

  /** The layer of each file, and the first file of each layer. */
  private final int[] layerOf;

  private final int[] firstFile;

  private final ChainMap map;
  private final long capacity;
  private @Nullable TopImage top;

  /** Guards where the blocks of the layers lie, and changes to the map. */
  final MapLock lock;

  /**
   * @param baseFirst lent
   * @param lock shared by all chains that these layers are part of
   * @param memory for the map
   */
  ChainReader(List<? extends Layer> baseFirst, MapLock lock, MapMemory memory) {
    this.lock = lock;
    this.layers = baseFirst.toArray(Layer[]::new);
    this.files = baseFirst.stream().flatMap(l -> l.files().stream()).toArray(ImageFile[]::new);
    this.layerOf = new int[files.length];
    this.firstFile = new int[layers.length];
    for (int i = 0, next = 0; i < layers.length; i++) {
      firstFile[i] = next;
      next += layers[i].files().size();
      Arrays.fill(layerOf, firstFile[i], next, i);
    }
    this.capacity = baseFirst.getLast().capacity();
    this.map =
        new ChainMap(
            capacity, baseFirst.stream().mapToInt(Layer::blockSize).min().orElseThrow(), memory);
  }

  /** Sets the top image of a writable chain. Called once, before the first read. */
  void top(TopImage top) {
    this.top = top;
  }

  ChainMap map() {
    return map;
  }

  ImageFile file(long entry) {
    return files[ChainMap.file(entry)];
  }

  /** The layer that holds an encoded unit. */
  Layer layerOfEncoded(long entry) {
    return layers[ChainMap.layerOfEncoded(entry)];
  }

  /** The index of the first file of the top layer, in the map's entries. */
  int firstFileOfTop() {
    return firstFile[layers.length - 1];
  }

  // ---- filling the map

  /** The entry of a unit, never {@link ChainMap#UNKNOWN}. May wait. */
  long entry(long unit) throws IOException {
    long entry = map.entry(unit);
    while (entry == ChainMap.UNKNOWN) {
      learn(unit);
      entry = map.entry(unit); // another chain may have needed the memory meanwhile
    }
    return entry;
  }

  /** Fills the map's chunk that holds {@code unit} from the images. */
  private void learn(long unit) throws IOException {
    try {
      synchronized (lock) {
        map.fill(unit, this::entryOf);
      }
    } catch (UnreadableMapException e) {
      throw e.cause;
    }
  }

  private long entryOf(long unit) {
    assert lock.isHeld();
    try {
      long offset = unit << map.unitShift();
      long end = Math.min(offset + map.unitSize(), capacity);
      for (int i = layers.length - 1; i >= 0; i--) {
        Layer layer = layers[i];
        if (offset >= layer.capacity()) break; // and what layers below hold there is hidden
        if (end > layer.capacity()) return ChainMap.SPLIT;
        if (i == layers.length - 1 && top != null) {
          long rare = rareOnTop(top, layer, offset);
          if (rare != ChainMap.UNKNOWN) return rare;
        }
        long place = layer.find(offset, (int) (end - offset));
        if (place == Place.FREE) continue;
        return Place.isStored(place)
            ? ChainMap.at(firstFile[i] + Place.file(place), Place.offset(place))
            : constant(place, i);
      }
      return ChainMap.NONE;
    } catch (IOException e) {
      throw new UnreadableMapException(e);
    }
  }

  /**
   * The entry of a unit of which the writable top image has only some sectors, or may have; unknown
   * if it has all or none.
   *
   * <p>A partial block stays one until its new state is published, which {@link Layer#find} sees
   * first. No unit of a block that is mixed in the file may look whole: a write first makes the
   * block partial, see {@link TopBlocks#startPartial}.
   */
  private static long rareOnTop(TopImage top, Layer image, long offset) throws IOException {
    long start = offset & -image.blockSize();
    long place = image.find(start, (int) Math.min(image.blockSize(), image.capacity() - start));
    if (place != Place.FREE && place != Place.MIXED) return ChainMap.UNKNOWN;
    if (top.partialBlock(offset) != null) return ChainMap.PARTIAL;
    return place == Place.MIXED ? ChainMap.SPLIT : ChainMap.UNKNOWN;
  }

  private static long constant(long place, int layer) {
    if (place == Place.ZERO) return ChainMap.ZERO;
    if (place == Place.LOST) return ChainMap.LOST;
    if (place == Place.ENCODED) return ChainMap.encoded(layer);
    assert place == Place.MIXED : place;
    return ChainMap.SPLIT;
  }

  private static final class UnreadableMapException extends RuntimeException {
    private static final long serialVersionUID = 1;
    final IOException cause;

    UnreadableMapException(IOException cause) {
      super(cause);
      this.cause = cause;
    }
  }

  // ---- walking a range

  /** Takes the runs of a range, in order of offset. */
  interface Runs {
    /**
     * The next {@code length} bytes lie in {@code file} at {@code fileOffset}; false ends the walk.
     */
    boolean stored(ImageFile file, long fileOffset, int length) throws IOException;

    /**
     * The next {@code length} bytes, from {@code offset} of the disk on, come from {@link
     * Layer#decode}; false ends the walk.
     */
    default boolean encoded(Layer layer, long offset, int length) throws IOException {
      return false;
    }

    /** The next {@code length} bytes are zero; false ends the walk. */
    default boolean zeroes(int length) throws IOException {
      return true;
    }
  }

  /**
   * Hands the runs of a range to {@code runs}.
   *
   * @return false if {@code runs} ended the walk, or the map does not know a part of the range
   */
  boolean walk(long offset, long length, Runs runs) throws IOException {
    return walk(offset, length, runs, false);
  }

  /** The same, and fills the map where needed. May wait. */
  boolean walkAll(long offset, long length, Runs runs) throws IOException {
    return walk(offset, length, runs, true);
  }

  private boolean walk(long offset, long length, Runs runs, boolean learns) throws IOException {
    int unitMask = map.unitSize() - 1;
    for (long end = offset + length; offset < end; ) {
      long unit = offset >>> map.unitShift();
      long entry = learns ? entry(unit) : map.entry(unit);
      int run = (int) Math.min(end - offset, map.unitSize() - (offset & unitMask));
      if (ChainMap.isStored(entry)) {
        run = joinNext(entry, unit, offset, run, end);
        if (!runs.stored(file(entry), ChainMap.fileOffset(entry) + (offset & unitMask), run))
          return false;
      } else if (entry == ChainMap.NONE || entry == ChainMap.ZERO) {
        if (!runs.zeroes(run)) return false;
      } else if (entry == ChainMap.UNKNOWN) {
        return false;
      } else {
        run = rare(entry, offset, run, runs);
        if (run < 0) return false;
      }
      offset += run;
    }
    return true;
  }

  /** How long the run becomes with the units that follow it both on the disk and in the file. */
  private int joinNext(long entry, long unit, long offset, int run, long end) {
    long at = offset + run;
    while (at < end && run <= (1 << 30) - map.unitSize()) {
      entry += map.unitSize();
      if (map.entry(++unit) != entry) break;
      run += (int) Math.min(end - at, map.unitSize());
      at = offset + run;
    }
    return run;
  }

  /**
   * A run within a unit that has no single place; returns its length, or -1 if {@code runs} ended
   * the walk.
   */
  private int rare(long entry, long offset, int limit, Runs runs) throws IOException {
    if (entry == ChainMap.PARTIAL) {
      PartialBlock partial = top == null ? null : top.partialBlock(offset);
      if (partial == null) return 0; // it became whole since the look-up: looks again
      int within = (int) (offset - partial.diskOffset);
      boolean marked = partial.isMarked(within);
      int run = partial.run(within, limit, marked);
      if (marked) return runs.stored(partial.file, partial.fileOffset + within, run) ? run : -1;
      return below(partial.below(within), offset, run, runs);
    }
    return below(entry, offset, limit, runs);
  }

  /** A run that {@code entry} describes, which is not {@link ChainMap#PARTIAL}. */
  private int below(long entry, long offset, int run, Runs runs) throws IOException {
    if (ChainMap.isStored(entry)) {
      long fileOffset = ChainMap.fileOffset(entry) + (offset & map.unitSize() - 1);
      return runs.stored(file(entry), fileOffset, run) ? run : -1;
    }
    if (entry == ChainMap.NONE || entry == ChainMap.ZERO) return runs.zeroes(run) ? run : -1;
    if (ChainMap.isEncoded(entry)) {
      return runs.encoded(layerOfEncoded(entry), offset, run) ? run : -1;
    }
    if (entry == ChainMap.SPLIT) return split(offset, run, runs);
    throw new IOException(
        "the disk cannot be read at offset "
            + offset
            + ": an image lacks it, since its file is too short or an entry of its block map points"
            + " outside it; 'varve image check' on each image of the chain finds which");
  }

  /**
   * What the layers say of a run that the map does not describe.
   *
   * @param layer the index of the one that decides; -1 if none does, and it reads as zeroes
   * @param run for how many bytes this holds
   */
  private record Answer(int layer, long place, int run) {}

  private Answer ask(long offset, int run) throws IOException {
    for (int i = layers.length - 1; i >= 0; i--) {
      Layer layer = layers[i];
      if (offset >= layer.capacity()) break;
      run = (int) Math.min(run, layer.capacity() - offset);
      long place;
      synchronized (lock) {
        run = layer.run(offset, run);
        place = layer.find(offset, run);
      }
      if (place != Place.FREE) return new Answer(i, place, run);
    }
    return new Answer(-1, Place.FREE, run);
  }

  private int split(long offset, int limit, Runs runs) throws IOException {
    Answer answer = ask(offset, limit);
    int run = answer.run;
    if (answer.layer < 0) return runs.zeroes(run) ? run : -1;
    Layer layer = layers[answer.layer];
    if (!Place.isStored(answer.place))
      return below(constant(answer.place, answer.layer), offset, run, runs);
    ImageFile file = layer.files().get(Place.file(answer.place));
    return runs.stored(file, Place.offset(answer.place), run) ? run : -1;
  }

  // ---- reading

  private static final Runs RESIDENT = ImageFile::resident;

  /** Whether a range can be read from the mappings without waiting. */
  boolean isResident(long offset, int length) {
    try {
      return walk(offset, length, RESIDENT);
    } catch (IOException e) {
      return true; // the place does not exist: a read of it fails without waiting
    }
  }

  /** Reads by position into {@code destination}. May wait. */
  void read(long offset, MemorySegment destination) throws IOException {
    walkAll(
        offset,
        destination.byteSize(),
        new Runs() {
          private long done;

          @Override
          public boolean stored(ImageFile file, long fileOffset, int length) throws IOException {
            file.read(fileOffset, destination.asSlice(done, length));
            done += length;
            return true;
          }

          @Override
          public boolean encoded(Layer layer, long offset, int length) throws IOException {
            layer.decode(offset, destination.asSlice(done, length));
            done += length;
            return true;
          }

          @Override
          public boolean zeroes(int length) {
            destination.asSlice(done, length).fill((byte) 0);
            done += length;
            return true;
          }
        });
  }

  private static final Runs PREFETCH =
      new Skipping() {
        @Override
        public boolean stored(ImageFile file, long offset, int length) throws IOException {
          file.prefetch(offset, length);
          return true;
        }
      };

  /** Skips encoded runs: only a read brings these into memory. */
  private interface Skipping extends Runs {
    @Override
    default boolean encoded(Layer layer, long offset, int length) {
      return true;
    }
  }

  /** Asks the host to begin bringing a range into memory. May wait, for block maps. */
  void prefetch(long offset, long length) throws IOException {
    walkAll(offset, length, PREFETCH);
  }

  private static final Runs FETCH =
      new Skipping() {
        @Override
        public boolean stored(ImageFile file, long offset, int length) throws IOException {
          file.fetch(offset, length);
          return true;
        }
      };

  /** Brings a range into the host's memory, and waits for it. */
  void fetch(long offset, long length) throws IOException {
    prefetch(offset, length);
    walkAll(offset, length, FETCH);
  }

  // ---- copy-on-write

  /**
   * Copies a part of a partial block from the images below to its place in the top image. May wait.
   */
  void copyBelow(PartialBlock partial, int within, int length) throws IOException {
    for (int end = within + length; within < end; ) {
      var copy = new CopyTo(partial.file, partial.fileOffset + within);
      int run = Math.min(end - within, partial.toUnitEnd(within));
      within += below(partial.below(within), partial.diskOffset + within, run, copy);
    }
  }

  private record CopyTo(ImageFile target, long targetOffset) implements Runs {
    @Override
    public boolean stored(ImageFile file, long fileOffset, int length) throws IOException {
      FileCopy.copy(file, fileOffset, targetOffset, length, target);
      return true;
    }

    @Override
    public boolean encoded(Layer layer, long offset, int length) throws IOException {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment decoded = arena.allocate(length, 8);
        layer.decode(offset, decoded);
        target.write(targetOffset, decoded);
      }
      return true;
    }

    @Override
    public boolean zeroes(int length) {
      return true; // the place reads as zeroes where nothing was written
    }
  }

  // ---- what is allocated

  /**
   * Reports the allocation of a range, one extent for each stretch with the same answer. May wait.
   */
  void extents(long offset, long length, ExtentSink sink) throws IOException {
    long end = offset + length;
    long extent = 0;
    int depth = -1;
    boolean zero = false;
    while (offset < end) {
      long unit = offset >>> map.unitShift();
      long run = Math.min(end - offset, map.unitSize() - (offset & map.unitSize() - 1));
      long entry = entry(unit);
      int nextDepth;
      boolean nextZero = entry == ChainMap.ZERO;
      if (ChainMap.isStored(entry)) {
        nextDepth = depth(layerOf[ChainMap.file(entry)]);
      } else if (entry == ChainMap.PARTIAL) {
        nextDepth = 1;
      } else if (entry == ChainMap.NONE) {
        nextDepth = 0;
      } else {
        Answer answer = ask(offset, (int) run);
        run = answer.run;
        nextDepth = depth(answer.layer);
        nextZero |= answer.place == Place.ZERO;
      }
      nextZero |= nextDepth == 0;
      if (extent > 0 && (nextDepth != depth || nextZero != zero)) {
        if (!sink.extent(extent, depth, zero)) return;
        extent = 0;
      }
      depth = nextDepth;
      zero = nextZero;
      extent += run;
      offset += run;
    }
    if (extent > 0) sink.extent(extent, depth, zero);
  }

  /** Of a layer: how many images above it, and itself; 0 for none. */
  private int depth(int layer) {
    return layer < 0 ? 0 : layers.length - layer;
  }
}
