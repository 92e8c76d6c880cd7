package dev.varve.io.vdi;

import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.ForeignChange;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerFacts;
import dev.varve.io.layer.LayerWriter;
import dev.varve.io.layer.MapLock;
import dev.varve.io.layer.Place;
import dev.varve.io.storage.ReaderEpochs;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One open VDI file: its header, its block map and, if it is writable, its free file blocks.
 *
 * <p>Threads: as {@link Layer} says; one thread at a time calls the methods that are not part of
 * {@code Layer}.
 */
public final class VdiImage implements Layer {

  private static final System.Logger LOG = System.getLogger(VdiImage.class.getName());

  private final ImageFile file;
  private final List<ImageFile> files;
  private final BlockMap map;
  private final List<String> notes;
  private final long lengthAtOpen;
  private volatile @Nullable BlockAllocator allocator;
  private volatile VdiHeader header;

  private final Object headerLock = new Object();

  /** The header in the file. */
  private volatile VdiHeader writtenHeader;

  /** Whether the file has exactly {@link #writtenHeader}; guarded by {@link #headerLock}. */
  private boolean headerIsKnown = true;

  private boolean changed;
  private boolean closed;

  private VdiImage(
      ImageFile file,
      VdiHeader header,
      BlockMap map,
      @Nullable BlockAllocator allocator,
      List<String> notes,
      long lengthAtOpen) {
    this.file = file;
    this.files = List.of(file);
    this.header = header;
    this.writtenHeader = header;
    this.map = map;
    this.allocator = allocator;
    this.notes = notes;
    this.lengthAtOpen = lengthAtOpen;
  }

  /**
   * Opens an image for reading. Reads only the header; an entry that points outside the file is
   * found when it is used.
   *
   * @param file owned by the image from now on, also when this fails
   * @throws ImageFormatException if the header breaks a rule
   */
  public static VdiImage openReadOnly(ImageFile file) throws IOException {
    try {
      VdiHeader header = VdiHeader.read(file);
      var map = new BlockMap(file, header.mapOffset(), header.blockCount());
      return new VdiImage(file, header, map, null, header.notes(), file.length());
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  /**
   * Opens an image for writing: reads the whole block map and finds the free file blocks. What a
   * crash may have left (file blocks that no block uses, a wrong count) is corrected in memory,
   * mentioned in {@link #notes}, and corrected in the file by {@link #putRight} or the first
   * commit. Nothing is written yet.
   *
   * @param file owned by the image from now on, also when this fails
   * @throws ImageFormatException if the header breaks a rule, two blocks have the same file block,
   *     or a block lies outside the file
   */
  public static VdiImage openReadWrite(ImageFile file) throws IOException {
    try {
      VdiHeader header = VdiHeader.read(file);
      var map = new BlockMap(file, header.mapOffset(), header.blockCount());
      long length = file.length();
      var notes = new ArrayList<>(header.notes());
      BlockAllocator allocator = findFreeFileBlocks(file, header, map, length, notes);
      return new VdiImage(file, header, map, allocator, List.copyOf(notes), length);
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  private static BlockAllocator findFreeFileBlocks(
      ImageFile file, VdiHeader header, BlockMap map, long length, List<String> notes)
      throws IOException {
    var used = new BitSet();
    map.forEach(
        (block, entry) -> {
          if (entry == BlockEntry.FREE || entry == BlockEntry.ZERO) return;
          if (entry < 0 || entry >= header.blockCount()) {
            throw damaged(
                file, block, entry, "the image has places 0 to " + (header.blockCount() - 1));
          }
          if (header.blockOffset(entry) + header.visibleLength(block) > length) {
            throw damaged(
                file, block, entry, "the file of " + length + " bytes ends before that place does");
          }
          if (used.get(entry))
            throw damaged(file, block, entry, "another block has the same place");
          used.set(entry);
        });
    int count = used.length();
    if (count > header.allocatedBlocks()) {
      notes.add(
          "the header counts "
              + header.allocatedBlocks()
              + " allocated blocks, the block map needs "
              + count
              + "; the count will be corrected");
    }
    int leaked = Math.max(header.allocatedBlocks(), count) - used.cardinality();
    if (leaked > 0) {
      notes.add(
          leaked
              + " places of the file are used by no block, as after a crash; they will be"
              + " reused");
    }
    var unused = new BitSet();
    unused.set(0, count);
    unused.andNot(used);
    long room = Math.ceilDiv(Math.max(0, length - header.dataOffset()), header.stride());
    return new BlockAllocator(
        header.blockCount(), count, unused, (int) Math.min(room, header.blockCount()));
  }

  private static ImageFormatException damaged(ImageFile file, int block, int entry, String rule) {
    return new ImageFormatException(
        file.name(),
        "the block map's entry of block " + block,
        Integer.toUnsignedString(entry),
        rule,
        "the image is damaged: run 'varve image check' to see what is lost and whether '--repair' can save the rest");
  }

  // ---- a layer of a chain

  @Override
  public LayerFacts facts() {
    return header.facts();
  }

  @Override
  public long capacity() {
    return header.capacity();
  }

  @Override
  public int blockSize() {
    return header.blockSize();
  }

  @Override
  public List<ImageFile> files() {
    return files;
  }

  @Override
  public ImageFile file() {
    return file;
  }

  @Override
  public long find(long offset, int length) throws IOException {
    int blockSize = header.blockSize();
    int block = (int) (offset / blockSize);
    int entry = map.entry(block);
    if (entry == BlockEntry.FREE) return Place.FREE;
    if (entry == BlockEntry.ZERO) return Place.ZERO;
    if (!isInFile(block, entry)) return Place.LOST;
    return header.blockOffset(entry) + (offset & blockSize - 1);
  }

  @Override
  public LayerWriter writer(MapLock lock, ReaderEpochs writes, Supplier<UUID> ids) {
    return new VdiLayerWriter(this, lock, writes, ids);
  }

  @Override
  public long spacePerBlock() {
    return header.stride();
  }

  @Override
  public boolean leavesHoles() {
    return allocator != null;
  }

  @Override
  public void changeParent(@Nullable LayerFacts parent, MapLock lock) throws IOException {
    VdiHeader changed;
    synchronized (lock) {
      changed = header.above(parent);
      header = changed;
    }
    writeHeader(changed);
    file.sync();
  }

  @Override
  public void grow(long capacity, boolean hidesParents) throws IOException {
    VdiGrowth.grow(file, capacity, hidesParents);
  }

  /**
   * {@inheritDoc} That is a count of allocated blocks that differs from the entries: VirtualBox
   * allocates at the position that the count gives.
   */
  @Override
  public void putRight() throws IOException {
    if (allocator != null) {
      correctCount();
    } else if (hasLeftovers()) {
      allowWriting();
      try {
        correctCount();
        quietFileBlocks().cutFile();
      } finally {
        file.onlyRead();
      }
    }
  }

  private void correctCount() throws IOException {
    int counted = writtenHeader.allocatedBlocks();
    int used = allocator().count() - allocator().unusedCount();
    if (!DenseFile.correctCount(this, quietFileBlocks())) return;
    LOG.log(
        System.Logger.Level.INFO,
        "{0} counted {1} allocated blocks but had {2}, as after a crash: corrected",
        name(),
        counted,
        used);
  }

  /** Called while nothing else uses the image. */
  private FileBlocks quietFileBlocks() {
    return new FileBlocks(this, new MapLock(), new ReaderEpochs());
  }

  // ---- a VDI image

  public BlockMap map() {
    return map;
  }

  /**
   * {@inheritDoc}
   *
   * @throws ImageFormatException if two blocks have the same file block, or one lies outside the
   *     file
   */
  @Override
  public void allowWriting() throws IOException {
    file.allowWriting();
    try {
      if (allocator == null)
        allocator = findFreeFileBlocks(file, header, map, file.length(), new ArrayList<>());
    } catch (Throwable e) {
      file.onlyRead();
      throw e;
    }
  }

  /**
   * Whether the header in the file counts as many file blocks as entries name, with no unused one
   * between them. VirtualBox relies on that. Only for an image that can be written.
   */
  public boolean isCountRight() {
    BlockAllocator fileBlocks = allocator();
    return fileBlocks.unusedCount() == 0 && writtenHeader.allocatedBlocks() == fileBlocks.count();
  }

  /**
   * Whether the image looks as after a crash: the count of allocated blocks differs from the
   * entries, file blocks have no block, or bytes follow the last file block. Reads the whole block
   * map. False for a damaged image, since a crash does not damage an image.
   */
  public boolean hasLeftovers() throws IOException {
    return MapScan.of(file, header).hasLeftovers();
  }

  /** The free file blocks; only for an image that can be written. */
  public BlockAllocator allocator() {
    BlockAllocator fileBlocks = allocator;
    if (fileBlocks == null) throw new IllegalStateException(file.name() + " is open read-only");
    return fileBlocks;
  }

  public VdiHeader header() {
    return header;
  }

  /** Replaces the header in memory; the next commit writes it. */
  public void header(VdiHeader header) {
    this.header = header;
  }

  /**
   * Writes {@code header} to the file, unless the file has it already; does not make it durable.
   *
   * @throws IOException if writing fails, or as {@link #requireOurs}
   */
  public void writeHeader(VdiHeader header) throws IOException {
    synchronized (headerLock) {
      if (headerIsKnown && header.bytes().mismatch(writtenHeader.bytes()) < 0) return;
      requireOurs();
      headerIsKnown = false; // a failed write may leave a part of it in the file
      file.write(0, header.bytes());
      headerIsKnown = true;
      writtenHeader = header;
    }
  }

  /**
   * Fails if another program has truncated the file or written its header. After that failure
   * nothing more is written to the file. May wait for the medium.
   */
  @Override
  public void requireOurs() throws IOException {
    file.requireIntact();
    synchronized (headerLock) {
      if (!headerIsKnown) return;
      MemorySegment expected = writtenHeader.bytes();
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment found = arena.allocate(expected.byteSize());
        file.read(0, found);
        if (found.mismatch(expected) >= 0) throw ForeignChange.found(file, "its header");
      }
    }
  }

  /** The header in the file. */
  public VdiHeader writtenHeader() {
    return writtenHeader;
  }

  /**
   * Whether the contents have changed since the image was opened; then it has a new modify uuid.
   */
  public boolean isChanged() {
    return changed;
  }

  /** Notes that the contents have changed, and sets a new modify uuid for them. */
  public void changed(UUID modifyUuid) {
    if (changed) return;
    changed = true;
    header = header.withModifyUuid(modifyUuid);
  }

  @Override
  public List<String> notes() {
    return notes;
  }

  /** The offset in the file at which the contents of a file block begin. */
  public long blockOffset(int fileBlock) {
    return header.blockOffset(fileBlock);
  }

  /**
   * Whether the file holds all bytes that the guest can see of a block in this file block. Always
   * true if the image can be written: its entries were checked on opening, and file blocks given
   * out later have space.
   */
  public boolean isInFile(int block, int fileBlock) {
    if (allocator != null) return true;
    return fileBlock >= 0
        && header.blockOffset(fileBlock) + header.visibleLength(block) <= lengthAtOpen;
  }

  /** The length of the file when it was opened, in bytes. */
  public long lengthAtOpen() {
    return lengthAtOpen;
  }

  @Override
  public void close() throws IOException {
    if (closed) return; // other images may use the file
    closed = true;
    file.close();
  }
}
