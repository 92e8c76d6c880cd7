package dev.varve.io.vdi;

import dev.varve.io.file.ImageFile;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One VDI file that is open: its header, its block map, and if it is writable, which places of the
 * file are free.
 *
 * <p>Not thread safe, but for {@link #file()}; the chain that owns the image guards it. Methods may
 * wait for the medium.
 */
public final class VdiImage implements Closeable {

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
   * Takes a raw file for an image whose blocks lie each in its place.
   *
   * @param file owned by the image from now on
   * @param header from {@link VdiHeader#ofRaw}, not larger than the file
   */
  public static VdiImage ofRaw(ImageFile file, VdiHeader header) {
    return new VdiImage(file, header, new RawMap(file, header), null, List.of(), header.capacity());
  }

  /** Whether it is a raw file in truth, which says nothing of itself. */
  public boolean isRaw() {
    return map instanceof RawMap;
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

  public ImageFile file() {
    return file;
  }

  public BlockMap map() {
    return map;
  }

  /**
   * Makes an image that was opened for reading one that can be written, as {@link #openReadWrite}
   * does. Does nothing if it can be written already.
   *
   * @throws VdiFormatException two blocks share a place, or a block lies outside the file
   */
  public void allowWriting() throws IOException {
    if (allocator == null) {
      allocator = findFreePlaces(file, header, map, file.length(), new ArrayList<>());
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

  /** Whether the image can be written, or could once. */
  public boolean hasAllocator() {
    return allocator != null;
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
  public void requireOurs() throws IOException {
    file.requireIntact();
    if (isRaw()) return;
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
  public List<String> notes() {
    return notes;
  }

  public long capacity() {
    return header.capacity();
  }

  public int blockSize() {
    return header.blockSize();
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
