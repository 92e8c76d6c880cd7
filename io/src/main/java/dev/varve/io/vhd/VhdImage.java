package dev.varve.io.vhd;

import static dev.varve.io.vhd.VhdFields.SECTOR;

import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.EntryTable;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerFacts;
import dev.varve.io.layer.LayerWriter;
import dev.varve.io.layer.MapLock;
import dev.varve.io.layer.Place;
import dev.varve.io.storage.ReaderEpochs;
import java.io.IOException;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One open dynamic or differencing VHD file: its head, its block table, its bitmaps and, if it is
 * writable, the end of its file.
 *
 * <p>Threads: as {@link Layer} says; one thread at a time calls the methods that are not part of
 * {@code Layer}.
 */
public final class VhdImage implements Layer {

  private final ImageFile file;
  private final List<ImageFile> files;
  private final EntryTable table;
  private final Bitmaps bitmaps;
  private final int blockShift;
  private volatile VhdHead head;

  /** Where unused space begins, as {@link #verify} found it; negative until then. */
  private long used = -1;

  /** How many blocks have a place, found by the same. */
  private int count;

  /** Not null once the image can be written. */
  private volatile @Nullable FileEnd end;

  private boolean closed;

  private VhdImage(ImageFile file, VhdHead head) {
    this.file = file;
    this.files = List.of(file);
    this.head = head;
    this.table = BlockTable.of(file, head);
    this.bitmaps = new Bitmaps(file, head.blockSize());
    this.blockShift = Integer.numberOfTrailingZeros(head.blockSize());
  }

  /**
   * Opens an image of any kind for reading. Reads only the head; an entry that points outside the
   * file is found when it is used.
   *
   * @param file owned by the image from now on, also when this fails
   * @throws dev.varve.io.layer.ImageFormatException if the head breaks a rule
   */
  public static Layer openReadOnly(ImageFile file) throws IOException {
    try {
      VhdHead head = VhdHead.read(HeadSource.of(file));
      return head.isFixed() ? new FixedVhd(file, head) : new VhdImage(file, head);
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  /**
   * Opens an image of any kind for writing: reads the whole block table. Nothing is written before
   * {@link #mend}.
   *
   * @param file owned by the image from now on, also when this fails
   * @throws dev.varve.io.layer.ImageFormatException if the head breaks a rule, also one that only
   *     counts for writing; or a block lies outside the file, or where something else lies
   */
  public static Layer openReadWrite(ImageFile file) throws IOException {
    try {
      VhdHead head = VhdHead.read(HeadSource.of(file));
      if (head.isFixed()) {
        WritingRules.check(head);
        return new FixedVhd(file, head);
      }
      var image = new VhdImage(file, head);
      image.verify();
      return image;
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  private void verify() throws IOException {
    WritingRules.check(head);
    BlockScan scan = BlockScan.of(head, table);
    used = scan.requireSound();
    count = scan.count();
  }

  /** {@inheritDoc} That is a footer that is missing, or differs from its copy. */
  @Override
  public void mend() throws IOException {
    if (end != null) return;
    if (used < 0) throw new IllegalStateException(file.name() + " was not verified");
    head = FooterChange.mend(file, head);
    end = new FileEnd(file, head, used, head.blocks() - count);
  }

  // ---- a layer of a chain

  @Override
  public LayerFacts facts() {
    return head.facts();
  }

  @Override
  public List<String> notes() {
    return WritingRules.notes(head);
  }

  @Override
  public long capacity() {
    return head.capacity();
  }

  @Override
  public int blockSize() {
    return head.blockSize();
  }

  @Override
  public long spacePerBlock() {
    return head.stride();
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
    int block = (int) (offset >>> blockShift);
    long start = startOf(block);
    if (start < 0) return start;
    int within = (int) offset & head.blockSize() - 1;
    int sector = within / SECTOR;
    int endSector = Math.ceilDiv(within + length, SECTOR);
    SectorBitmap held = bitmaps.of(block, start, head.visible(block));
    if (held.endOfRun(sector, endSector) < endSector) return Place.MIXED;
    return held.isSet(sector) ? Place.at(0, start + head.bitmapLength() + within) : Place.FREE;
  }

  @Override
  public int run(long offset, int length) throws IOException {
    int block = (int) (offset >>> blockShift);
    int within = (int) offset & head.blockSize() - 1;
    int limit = Math.min(length, head.blockSize() - within);
    long start = startOf(block);
    if (start < 0) return limit;
    SectorBitmap held = bitmaps.of(block, start, head.visible(block));
    int endOfRun = held.endOfRun(within / SECTOR, Math.ceilDiv(within + limit, SECTOR));
    return Math.min(limit, endOfRun * SECTOR - within);
  }

  /** Where the bitmap of a block lies in the file; or {@code FREE} or {@code LOST}. */
  private long startOf(int block) throws IOException {
    int entry = table.entry(block);
    if (entry == BlockTable.FREE) return Place.FREE;
    long start = BlockTable.offset(entry);
    return isInFile(block, start) ? start : Place.LOST;
  }

  /**
   * Whether all that the guest can see of a block lies in the file, and nothing else lies there.
   * Always true if the image can be written: its entries were checked on opening.
   */
  private boolean isInFile(int block, long start) {
    if (end != null) return true;
    long blockEnd = start + head.bitmapLength() + head.visible(block);
    return blockEnd <= head.fileLength() && !head.isMetadata(start, blockEnd);
  }

  @Override
  public void requireOurs() throws IOException {
    file.requireIntact();
    FileEnd written = end;
    if (written != null) written.requireOurs();
  }

  /** {@inheritDoc} That is a missing footer, which VirtualBox needs to open the image. */
  @Override
  public void putRight() throws IOException {
    if (!FooterChange.isNeeded(head)) return;
    allowWriting();
    file.onlyRead();
  }

  @Override
  public void allowWriting() throws IOException {
    file.allowWriting();
    try {
      if (end == null) verify();
      mend();
    } catch (Throwable e) {
      file.onlyRead();
      throw e;
    }
  }

  @Override
  public boolean leavesHoles() {
    return end != null;
  }

  @Override
  public LayerWriter writer(MapLock lock, ReaderEpochs writes, Supplier<UUID> ids) {
    return new VhdLayerWriter(file, head, table, bitmaps, end(), lock);
  }

  @Override
  public void changeParent(@Nullable LayerFacts parent, MapLock lock) throws IOException {
    VhdHead changed = ParentChange.change(file, head, this::replaceFooter, parent);
    synchronized (lock) {
      head = changed;
    }
  }

  /** Replaces the footer and its copy; durable when it returns. */
  void replaceFooter(VhdFooter changed) throws IOException {
    FileEnd written = end;
    if (written == null) FooterChange.write(file, head.footerAt(), changed);
    else written.replaceFooter(changed);
  }

  @Override
  public void grow(long capacity, boolean hidesParents) throws IOException {
    new VhdGrowth(file, head, table, bitmaps, end()).to(capacity, hidesParents);
  }

  @Override
  public void close() throws IOException {
    if (closed) return; // other images may use the file
    closed = true;
    file.close();
  }

  // ---- a VHD image

  VhdHead head() {
    return head;
  }

  EntryTable table() {
    return table;
  }

  /** The end of the file; only for an image that can be written. */
  private FileEnd end() {
    FileEnd writable = end;
    if (writable == null) throw new IllegalStateException(file.name() + " is open read-only");
    return writable;
  }
}
