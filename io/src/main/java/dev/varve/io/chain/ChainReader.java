package dev.varve.io.chain;

import dev.varve.core.device.ExtentSink;
import dev.varve.io.file.ImageFile;
import dev.varve.io.vdi.BlockEntry;
import dev.varve.io.vdi.VdiImage;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the bytes of a disk in the images of its chain. Any thread may ask; only what is said to
 * wait may wait.
 *
 * <p>The rules are those of VDI.md section 4: the topmost image that holds a block decides, a block
 * marked zero hides the images below, and so does the end of an image: beyond it a longer child
 * reads zeroes.
 */
final class ChainReader {

  private final VdiImage[] images;
  private final ImageFile[] files;
  private final ChainMap map;
  private final long capacity;
  private @Nullable TopImage top;

  /** Guards the block maps of the images, and changes to the chain map. */
  final Object lock;

  /**
   * @param images base first
   */
  ChainReader(List<VdiImage> images) {
    this(images, new Object());
  }

  /**
   * @param lock shared by all chains that these images are part of
   */
  ChainReader(List<VdiImage> images, Object lock) {
    this.lock = lock;
    this.images = images.toArray(VdiImage[]::new);
    this.files = images.stream().map(VdiImage::file).toArray(ImageFile[]::new);
    this.capacity = images.getLast().capacity();
    this.map =
        new ChainMap(capacity, images.stream().mapToInt(VdiImage::blockSize).min().orElseThrow());
  }

  /** The top image's changes, if the chain is writable; set once, before anybody reads. */
  void top(TopImage top) {
    this.top = top;
  }

  ChainMap map() {
    return map;
  }

  ImageFile file(long entry) {
    return files[ChainMap.image(entry)];
  }

  // ---- what the map learns from the images

  /** Asks the images about the chunk that holds {@code unit}. May wait. */
  void learn(long unit) throws IOException {
    try {
      synchronized (lock) {
        map.fill(unit, this::entryOf);
      }
    } catch (UnreadableMapException e) {
      throw e.cause;
    }
  }

  private long entryOf(long unit) {
    try {
      long offset = unit << map.unitShift();
      long end = Math.min(offset + map.unitSize(), capacity);
      for (int i = images.length - 1; i >= 0; i--) {
        VdiImage image = images[i];
        if (offset >= image.capacity()) break; // what images below hold there is cut off too
        if (end > image.capacity()) return ChainMap.SPLIT;
        int block = (int) (offset / image.blockSize());
        int entry = image.map().entry(block);
        if (entry == BlockEntry.FREE) continue;
        if (entry == BlockEntry.ZERO) return ChainMap.ZERO;
        if (!image.isInFile(block, entry)) return ChainMap.LOST;
        return ChainMap.at(i, image.blockOffset(entry) + offset % image.blockSize());
      }
      return ChainMap.NONE;
    } catch (IOException e) {
      throw new UnreadableMapException(e);
    }
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
     * The next {@code length} bytes are zero, which is of interest to some; false ends the walk.
     */
    default boolean zeroes(int length) throws IOException {
      return true;
    }
  }

  /**
   * Hands the runs of a range to {@code runs}.
   *
   * @return false if {@code runs} ended the walk, or a part of the map is not known yet
   */
  boolean walk(long offset, long length, Runs runs) throws IOException {
    int unitMask = map.unitSize() - 1;
    for (long end = offset + length; offset < end; ) {
      long unit = offset >>> map.unitShift();
      long entry = map.entry(unit);
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
      if (marked) return runs.stored(topFile(), partial.fileOffset + within, run) ? run : -1;
      return below(partial.below(within), offset, run, runs);
    }
    return below(entry, offset, limit, runs);
  }

  private ImageFile topFile() {
    return files[files.length - 1];
  }

  /** A run that {@code entry} describes, which is not {@link ChainMap#PARTIAL}. */
  private int below(long entry, long offset, int run, Runs runs) throws IOException {
    if (ChainMap.isStored(entry)) {
      long fileOffset = ChainMap.fileOffset(entry) + (offset & map.unitSize() - 1);
      return runs.stored(file(entry), fileOffset, run) ? run : -1;
    }
    if (entry == ChainMap.NONE || entry == ChainMap.ZERO) return runs.zeroes(run) ? run : -1;
    if (entry == ChainMap.SPLIT) return split(offset, run, runs);
    throw new IOException(
        "the disk cannot be read at offset "
            + offset
            + ": an image's block map points outside its file; 'varve image check' on each image of"
            + " the chain says which");
  }

  /**
   * A unit in which an image ends: asks the images for this one byte, and how far the answer holds.
   */
  private int split(long offset, int run, Runs runs) throws IOException {
    for (int i = images.length - 1; i >= 0; i--) {
      VdiImage image = images[i];
      if (offset >= image.capacity()) break;
      run = (int) Math.min(run, image.capacity() - offset);
      int block = (int) (offset / image.blockSize());
      int entry;
      synchronized (lock) {
        entry = image.map().entry(block);
      }
      if (entry == BlockEntry.FREE) continue;
      if (entry == BlockEntry.ZERO) return runs.zeroes(run) ? run : -1;
      if (!image.isInFile(block, entry)) return below(ChainMap.LOST, offset, run, runs);
      return runs.stored(files[i], image.blockOffset(entry) + offset % image.blockSize(), run)
          ? run
          : -1;
    }
    return runs.zeroes(run) ? run : -1;
  }

  /** As {@link #walk}, but learns what is not known. May wait. */
  boolean walkAll(long offset, long length, Runs runs) throws IOException {
    for (long unit = offset >>> map.unitShift();
        unit << map.unitShift() < offset + length;
        unit++) {
      if (!map.isKnown(unit)) learn(unit);
    }
    return walk(offset, length, runs);
  }

  // ---- reading

  private static final Runs RESIDENT = ImageFile::resident;

  /** Whether a range can be read from the mappings without waiting. */
  boolean isResident(long offset, int length) {
    try {
      return walk(offset, length, RESIDENT);
    } catch (IOException e) {
      return true; // a place that does not exist: reading it fails, at once
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
          public boolean zeroes(int length) {
            destination.asSlice(done, length).fill((byte) 0);
            done += length;
            return true;
          }
        });
  }

  private static final Runs PREFETCH =
      (file, offset, length) -> {
        file.prefetch(offset, length);
        return true;
      };

  /** Asks the host to begin bringing a range into memory. May wait, for block maps. */
  void prefetch(long offset, long length) throws IOException {
    walkAll(offset, length, PREFETCH);
  }

  private static final Runs FETCH =
      (file, offset, length) -> {
        file.fetch(offset, length);
        return true;
      };

  /** Brings a range into the host's memory, and waits for it. */
  void fetch(long offset, long length) throws IOException {
    prefetch(offset, length);
    walkAll(offset, length, FETCH);
  }

  // ---- copy-on-write

  /**
   * Copies what the images below hold of a part of a partial block to its place in the top image.
   * May wait.
   */
  void copyBelow(PartialBlock partial, int within, int length, ImageFile target)
      throws IOException {
    for (int end = within + length; within < end; ) {
      var copy = new CopyTo(target, partial.fileOffset + within);
      int run = Math.min(end - within, partial.toUnitEnd(within));
      within += below(partial.below(within), partial.diskOffset + within, run, copy);
    }
  }

  private record CopyTo(ImageFile target, long targetOffset) implements Runs {
    @Override
    public boolean stored(ImageFile file, long fileOffset, int length) throws IOException {
      copy(file, fileOffset, targetOffset, length, target);
      return true;
    }

    @Override
    public boolean zeroes(int length) {
      return true; // the place reads as zeroes where nothing was written
    }
  }

  /**
   * Copies bytes between files, leaving out holes at the beginning; the target reads as zeroes
   * there. May wait.
   */
  static void copy(ImageFile source, long from, long to, int length, ImageFile target)
      throws IOException {
    long end = from + length;
    long data = source.nextData(from, end);
    if (data == end) {
      if (source.length() < end) {
        throw new IOException(
            source.name() + ": the file was cut while it is served: it has no byte " + (end - 1));
      }
      return;
    }
    to += data - from;
    MemorySegment mapping = source.mapping();
    if (end <= mapping.byteSize()) {
      target.write(
          to, mapping.asSlice(data, end - data)); // the kernel copies from page cache to page cache
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(end - data, 8);
      source.read(data, buffer);
      target.write(to, buffer);
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
      if (!map.isKnown(unit)) learn(unit);
      long run = Math.min(end - offset, map.unitSize() - (offset & map.unitSize() - 1));
      long entry = map.entry(unit);
      int nextDepth = depth(offset, entry);
      boolean nextZero = entry == ChainMap.ZERO || nextDepth == 0;
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

  private int depth(long offset, long entry) throws IOException {
    if (ChainMap.isStored(entry)) return images.length - ChainMap.image(entry);
    if (entry == ChainMap.NONE) return 0;
    if (entry == ChainMap.PARTIAL) return 1;
    for (int i = images.length - 1; i >= 0; i--) {
      if (offset >= images[i].capacity()) break;
      synchronized (lock) {
        if (images[i].map().entry((int) (offset / images[i].blockSize())) != BlockEntry.FREE)
          return images.length - i;
      }
    }
    return 0;
  }
}
