package dev.varve.io.vdi;

import dev.varve.io.file.ImageFile;
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
 * One VDI file that is open: its header, its block map, and if it is writable, which file blocks
 * are free.
 *
 * <p>Used by threads as {@link Layer} says; what is not part of that, by one thread at a time.
 */
public final class VdiImage implements Layer {

  private static final System.Logger LOG = System.getLogger(VdiImage.class.getName());

  private final ImageFile file;
  private final BlockMap map;
  private final List<String> notes;
  private final long lengthAtOpen;
  private volatile @Nullable BlockAllocator allocator;
  private volatile VdiHeader header;

  private final Object headerLock = new Object();

  /** The header as the file has it. */
  private volatile VdiHeader writtenHeader;

  /** Whether it has exactly that; guarded by {@link #headerLock}. */
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
    this.header = header;
    this.writtenHeader = header;
    this.map = map;
    this.allocator = allocator;
    this.notes = notes;
    this.lengthAtOpen = lengthAtOpen;
  }

  /**
   * Opens for reading. Only the header is read; an entry that points outside the file is found when
   * it is used.
   *
   * @param file owned by the image from now on, also when this fails
   * @throws VdiFormatException if the header breaks a rule
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
   * Opens for writing: reads the whole block map and works out which places of the file are free.
   * What a crash may have left (places that no block uses, a wrong count) is put right in memory
   * and reaches the file with the first commit; {@link #notes} says so. Nothing is written yet.
   *
   * @param file owned by the image from now on, also when this fails
   * @throws VdiFormatException if the header breaks a rule, two blocks share a place, or a block
   *     lies outside the file
   */
  public static VdiImage openReadWrite(ImageFile file) throws IOException {
    try {
      VdiHeader header = VdiHeader.read(file);
      var map = new BlockMap(file, header.mapOffset(), header.blockCount());
      long length = file.length();
      var notes = new ArrayList<>(header.notes());
      BlockAllocator allocator = findFreePlaces(file, header, map, length, notes);
      return new VdiImage(file, header, map, allocator, List.copyOf(notes), length);
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  private static BlockAllocator findFreePlaces(
      ImageFile file, VdiHeader header, BlockMap map, long length, List<String> notes)
      throws IOException {
    var used = new BitSet();
    map.forEach(
        (block, entry) -> {
          if (entry == BlockEntry.FREE || entry == BlockEntry.ZERO) return;
          if (entry < 0 || entry >= header.blockCount()) {
            throw damaged(
                file,
                block,
                entry,
                "the format has a place for each block, 0 to " + (header.blockCount() - 1));
          }
          if (header.blockOffset(entry) + header.visibleLength(block) > length) {
            throw damaged(
                file, block, entry, "the file of " + length + " bytes ends before that place does");
          }
          if (used.get(entry))
            throw damaged(file, block, entry, "another block is at that place too");
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
              + " places of the file are used by no block, as a crash leaves them; they will be"
              + " reused");
    }
    var unused = new BitSet();
    unused.set(0, count);
    unused.andNot(used);
    long room = Math.ceilDiv(Math.max(0, length - header.dataOffset()), header.stride());
    return new BlockAllocator(
        header.blockCount(), count, unused, (int) Math.min(room, header.blockCount()));
  }

  private static VdiFormatException damaged(ImageFile file, int block, int entry, String rule) {
    return new VdiFormatException(
        file.name(),
        "the block map's entry of block " + block,
        Integer.toUnsignedString(entry),
        rule,
        "the image is damaged: 'varve image check --repair' says what can be saved");
  }

  // ---- a layer of a chain

  @Override
  public LayerFacts facts() {
    return header.facts();
  }

  @Override
  public String name() {
    return file.name();
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
    return List.of(file);
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
   * {@inheritDoc} A count that is not that of the entries, since VirtualBox allocates at the count.
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
        "{0} counted {1} allocated blocks and had {2}, as a crash leaves it: corrected",
        name(),
        counted,
        used);
  }

  /** While nothing else uses the image. */
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
   * @throws VdiFormatException two blocks share a file block, or one lies outside the file
   */
  @Override
  public void allowWriting() throws IOException {
    file.allowWriting();
    try {
      if (allocator == null)
        allocator = findFreePlaces(file, header, map, file.length(), new ArrayList<>());
    } catch (Throwable e) {
      file.onlyRead();
      throw e;
    }
  }

  /**
   * Whether the header in the file counts as many places as entries name, and these lie one behind
   * the other: what VirtualBox takes for granted. Only of an image that can be written.
   */
  public boolean isCountRight() {
    BlockAllocator places = allocator();
    return places.unusedCount() == 0 && writtenHeader.allocatedBlocks() == places.count();
  }

  /**
   * Whether a crash seems to have left something: a count of allocated blocks that is not that of
   * the entries, places that no block has, or bytes behind the last one. Reads the whole block map.
   * Of a damaged image, which a crash does not leave, this says no.
   */
  public boolean hasLeftovers() throws IOException {
    return MapScan.of(file, header).hasLeftovers();
  }

  /** Free places; only of an image that can be written. */
  public BlockAllocator allocator() {
    BlockAllocator places = allocator;
    if (places == null) throw new IllegalStateException(file.name() + " is open read-only");
    return places;
  }

  public VdiHeader header() {
    return header;
  }

  /** Replaces the header in memory; whoever commits writes it. */
  public void header(VdiHeader header) {
    this.header = header;
  }

  /**
   * Brings {@code header} to the file, unless that has it already; does not make it durable.
   *
   * @throws IOException so, or as {@link #requireOurs}
   */
  public void writeHeader(VdiHeader header) throws IOException {
    synchronized (headerLock) {
      if (headerIsKnown && header.bytes().mismatch(writtenHeader.bytes()) < 0) return;
      requireOurs();
      headerIsKnown = false; // if this fails, the file may have some of it
      file.write(0, header.bytes());
      headerIsKnown = true;
      writtenHeader = header;
    }
  }

  /**
   * Fails if another program has cut the file, or has written its header: from then on nothing is
   * written to it. May wait for the medium.
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
        if (found.mismatch(expected) >= 0) throw foreign(file, "its header");
      }
    }
  }

  /** Says that another program has written to the file, and keeps this one from doing so. */
  static IOException foreign(ImageFile file, String what) {
    var why =
        new IOException(
            file.name()
                + ": another process has written to "
                + what
                + " while it is open here, perhaps VirtualBox, which takes no locks. Nothing is"
                + " written to the image any more. Stop both programs, and see what 'varve image"
                + " check' says");
    file.refuseChanges(why);
    return why;
  }

  /** The header as the file has it. */
  public VdiHeader writtenHeader() {
    return writtenHeader;
  }

  /** Whether the contents were changed since the image was opened; its modify uuid is new then. */
  public boolean isChanged() {
    return changed;
  }

  /** Notes that the contents are changed, and gives them a name of their own. */
  public void changed(UUID modifyUuid) {
    if (changed) return;
    changed = true;
    header = header.withModifyUuid(modifyUuid);
  }

  /** What was found on opening that is no reason to refuse the image. */
  @Override
  public List<String> notes() {
    return notes;
  }

  /** Where in the file the bytes of a place begin. */
  public long blockOffset(int place) {
    return header.blockOffset(place);
  }

  /**
   * Whether the file has all that the guest can see of a block at this place. If the image can be
   * written it does: all entries were checked then, and places given out since have their space.
   */
  public boolean isInFile(int block, int place) {
    if (allocator != null) return true;
    return place >= 0 && header.blockOffset(place) + header.visibleLength(block) <= lengthAtOpen;
  }

  /** The length of the file when it was opened, in bytes. */
  public long lengthAtOpen() {
    return lengthAtOpen;
  }

  @Override
  public void close() throws IOException {
    if (closed) return; // others may have the file, too
    closed = true;
    file.close();
  }
}
