package dev.varve.io.vmdk;

import static java.util.Objects.requireNonNull;

import dev.varve.core.device.ReadSink;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumVariant;
import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerFacts;
import dev.varve.io.layer.LayerWriter;
import dev.varve.io.layer.MapLock;
import dev.varve.io.layer.Place;
import dev.varve.io.storage.ReaderEpochs;
import dev.varve.io.vmdk.header.Descriptor;
import dev.varve.io.vmdk.header.Extent;
import dev.varve.io.vmdk.header.ExtentLine;
import dev.varve.io.vmdk.header.SparseHeader;
import dev.varve.io.vmdk.header.TableLimit;
import dev.varve.io.vmdk.header.VmdkRules;
import dev.varve.io.vmdk.stream.CowdExtent;
import dev.varve.io.vmdk.stream.StreamExtent;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One open VMDK image: its descriptor, and the extents that the pieces of its disk lie in.
 *
 * <p>Threads: as {@link Layer} says.
 */
public final class VmdkImage implements Layer {

  /** The block of an image whose extents begin anywhere. */
  private static final int ODD_BLOCK = 64 << 10;

  private final List<ImageFile> files;
  private final List<Piece> pieces;
  private final StoredDescriptor descriptor;
  private final int blockSize;
  private final boolean isAligned;
  private final long capacity;

  /** Whether the contents have changed since it was opened; then it has a new modify id. */
  private boolean isChanged;

  private boolean closed;

  /**
   * One extent.
   *
   * @param start where it begins on the disk, in bytes
   * @param file the index of its file
   */
  record Piece(long start, long end, ExtentLine line, int file, Extent extent) {}

  private VmdkImage(List<ImageFile> files, List<Piece> pieces, StoredDescriptor descriptor) {
    this.files = List.copyOf(files);
    this.pieces = List.copyOf(pieces);
    this.descriptor = descriptor;
    this.capacity = pieces.getLast().end;
    this.blockSize = commonBlock(pieces);
    this.isAligned = pieces.stream().allMatch(this::isAligned);
  }

  /**
   * Opens an image in one file for reading. An entry that points outside the file is found when it
   * is used.
   *
   * @param file may be a part of a larger one; owned by the image from now on, also when this fails
   * @throws ImageFormatException if the descriptor or a header breaks a rule
   */
  public static VmdkImage openReadOnly(ImageFile file) throws IOException {
    return openReadOnly(file, ExtentFiles.NONE);
  }

  /**
   * The same for an image that can have other files.
   *
   * @param first the file that names the image
   * @param extents opens the others
   */
  public static VmdkImage openReadOnly(ImageFile first, ExtentFiles extents) throws IOException {
    List<ImageFile> files = new ArrayList<>(List.of(first));
    List<Piece> pieces = new ArrayList<>();
    try {
      VmdkHead head = VmdkHead.read(first);
      var limit = new TableLimit();
      long start = 0;
      for (ExtentLine line : head.descriptor().extents()) {
        int index = head.header() != null || line.file() == null ? 0 : files.size();
        if (index > 0) files.add(extents.open(line));
        Extent extent = open(line, files.get(index), head, limit);
        pieces.add(new Piece(start, start + line.length(), line, index, extent));
        start += line.length();
      }
      return new VmdkImage(files, pieces, new StoredDescriptor(first, head));
    } catch (Throwable e) {
      for (Piece piece : pieces) piece.extent.close();
      for (ImageFile file : files) file.close();
      throw e;
    }
  }

  private static Extent open(ExtentLine line, ImageFile file, VmdkHead head, TableLimit limit)
      throws IOException {
    return switch (line.type()) {
      case ZERO -> new ZeroExtent();
      case FLAT, VMFS -> flat(line, file);
      case SPARSE -> sparse(line, file, head, limit);
      case VMFSSPARSE -> CowdExtent.open(file, line.length(), limit);
    };
  }

  private static Extent flat(ExtentLine line, ImageFile file) throws IOException {
    long start = line.firstSector() * VmdkRules.SECTOR;
    return new FlatExtent(start, Math.min(file.length(), start + line.length()));
  }

  private static Extent sparse(ExtentLine line, ImageFile file, VmdkHead head, TableLimit limit)
      throws IOException {
    SparseHeader header = head.header() == null ? SparseHeader.read(file) : head.header();
    header.requireRoomFor(line.sectors(), head.descriptor().name());
    limit.add(file.name(), header);
    return header.isCompressed()
        ? StreamExtent.open(file, header, line.length())
        : SparseExtent.open(file, header, line.length());
  }

  /**
   * Opens an image for writing: reads all grain tables. Nothing is written before {@link #mend}.
   *
   * @throws ImageFormatException if the image breaks a rule, or a write could damage it
   */
  public static VmdkImage openReadWrite(ImageFile first, ExtentFiles extents) throws IOException {
    VmdkImage image = openReadOnly(first, extents);
    try {
      image.verify();
      return image;
    } catch (Throwable e) {
      image.close();
      throw e;
    }
  }

  /** The largest block that no extent's end cuts, if that is a grain of all sparse extents. */
  private static int commonBlock(List<Piece> pieces) {
    int grain =
        pieces.stream()
            .filter(VmdkImage::isSparse)
            .mapToInt(piece -> piece.extent.unit())
            .min()
            .orElse(0);
    if (grain != 0) return grain;
    long starts = FlatExtent.UNIT;
    for (Piece piece : pieces) starts |= piece.start;
    long common = Long.lowestOneBit(starts);
    return common < 4096 ? ODD_BLOCK : (int) common;
  }

  private static boolean isSparse(Piece piece) {
    return !piece.line.type().isFlat() && piece.line.type() != ExtentLine.Type.ZERO;
  }

  private boolean isAligned(Piece piece) {
    return piece.start % blockSize == 0 && (!isSparse(piece) || piece.extent.unit() == blockSize);
  }

  // ---- a layer of a chain

  @Override
  public LayerFacts facts() {
    Descriptor text = descriptor.now();
    return new LayerFacts(
        ImageFormat.VMDK,
        variant(text),
        text.id(),
        text.modifyId(),
        text.parent(),
        text.parentModifyId(),
        capacity,
        blockSize);
  }

  private MediumVariant variant(Descriptor text) {
    if (isFlat()) return MediumVariant.FIXED; // a fixed image is never a child
    if (text.isDifferencing()) return MediumVariant.DIFFERENCING;
    return pieces.stream().anyMatch(piece -> piece.extent instanceof StreamExtent)
        ? MediumVariant.STREAM_OPTIMIZED
        : MediumVariant.STANDARD;
  }

  private boolean isFlat() {
    return pieces.stream().noneMatch(VmdkImage::isSparse);
  }

  @Override
  public long capacity() {
    return capacity;
  }

  @Override
  public int blockSize() {
    return blockSize;
  }

  @Override
  public List<ImageFile> files() {
    return files;
  }

  List<Piece> pieces() {
    return pieces;
  }

  StoredDescriptor descriptor() {
    return descriptor;
  }

  /** The extent that holds the byte at {@code offset} of the disk. */
  Piece piece(long offset) {
    int low = 0;
    int high = pieces.size() - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (offset < pieces.get(middle).end) high = middle;
      else low = middle + 1;
    }
    return pieces.get(low);
  }

  @Override
  public long find(long offset, int length) throws IOException {
    Piece piece = piece(offset);
    if (offset + length > piece.end) return Place.MIXED;
    long found = piece.extent.find(offset - piece.start, length);
    return found < 0 ? found : Place.at(piece.file, found);
  }

  @Override
  public int run(long offset, int length) throws IOException {
    Piece piece = piece(offset);
    int inPiece = (int) Math.min(length, piece.end - offset);
    return piece.extent.run(offset - piece.start, inPiece);
  }

  @Override
  public void decode(long offset, MemorySegment destination) throws IOException {
    Piece piece = piece(offset);
    piece.extent.decode(offset - piece.start, destination);
  }

  @Override
  public boolean tryDecoded(long offset, int length, ReadSink sink) {
    Piece piece = piece(offset);
    return offset + length <= piece.end
        && piece.extent.tryDecoded(offset - piece.start, length, sink);
  }

  @Override
  public List<String> notes() {
    List<String> notes = new ArrayList<>();
    for (SparseExtent extent : sparse()) {
      String file = extent.file().name();
      if (isZeroed(extent))
        notes.add(
            file
                + " can have zeroed grains: VirtualBox refuses the image or shows wrong data, so"
                + " Varve only reads it");
      if (extent.wasUnclean()) notes.add(file + " was not closed by the program that wrote to it");
    }
    if (pieces.stream().anyMatch(piece -> piece.extent instanceof StreamExtent))
      notes.add(
          "its data is compressed, so Varve only reads it: a snapshot puts an image on top for the"
              + " writes");
    for (Piece piece : pieces)
      if (piece.line.type() == ExtentLine.Type.ZERO)
        notes.add(
            "an extent has the type ZERO: QEMU leaves it out, so its disk is shorter, and VirtualBox"
                + " drops what is written there; Varve only reads the image");
    if (descriptor.now().id() == null)
      notes.add("it has no uuid; VirtualBox gives it one when it opens it for writing");
    return notes;
  }

  // ---- protection

  @Override
  public void requireOurs() throws IOException {
    requireIntact();
    descriptor.requireOurs();
    for (SparseExtent extent : sparse()) extent.requireOurs();
  }

  /** The only extent, if the descriptor is embedded in it. */
  @Nullable SparseExtent firstSparse() {
    List<SparseExtent> sparse = sparse();
    return sparse.isEmpty() ? null : sparse.getFirst();
  }

  /** The extents with grains. */
  List<SparseExtent> sparse() {
    List<SparseExtent> sparse = new ArrayList<>();
    for (Piece piece : pieces) if (piece.extent instanceof SparseExtent extent) sparse.add(extent);
    return sparse;
  }

  /**
   * {@inheritDoc} That is a difference between the two copies of a grain table, for which
   * VirtualBox refuses the image, and space that was reserved behind the last grain. Looks only at
   * an extent that says that it was not closed.
   */
  @Override
  public void putRight() throws IOException {
    boolean leftovers = false;
    for (SparseExtent extent : sparse()) leftovers |= extent.hasLeftovers();
    if (!leftovers || whyNotWritable() != null) return;
    boolean wasWritable = leavesHoles();
    if (!wasWritable) allowWriting(); // which mends the tables
    try {
      for (SparseExtent extent : sparse()) if (extent.hasLeftovers()) extent.cutLeftovers();
      sync();
    } finally {
      if (!wasWritable) onlyRead();
    }
  }

  // ---- written

  @Override
  public void allowWriting() throws IOException {
    lockForWriting();
    try {
      verify();
      mend();
    } catch (Throwable e) {
      for (ImageFile file : files) file.onlyRead();
      throw e;
    }
  }

  private void verify() throws IOException {
    ImageFormatException why = whyNotWritable();
    if (why != null) throw why;
    for (SparseExtent extent : sparse()) extent.verify();
  }

  /** {@inheritDoc} That is a difference between the two copies of a grain table. */
  @Override
  public void mend() throws IOException {
    for (SparseExtent extent : sparse()) extent.mend();
  }

  /** Null if the kind of image can be written. */
  private @Nullable ImageFormatException whyNotWritable() throws IOException {
    for (Piece piece : pieces) {
      if (piece.extent instanceof StreamExtent)
        return unwritable("the kind of image", "streamOptimized", "its grains are compressed");
      if (piece.extent instanceof CowdExtent)
        return unwritable("the type of an extent", "VMFSSPARSE", "images of ESX are not written");
      if (!piece.line.writable())
        return unwritable("the access of an extent", "RDONLY", "it is RW");
      if (piece.line.type() == ExtentLine.Type.ZERO)
        return unwritable("the type of an extent", "ZERO", "it has no place for what is written");
      if (piece.extent instanceof FlatExtent flat
          && flat.fileEnd() < flat.start() + piece.line.length())
        return unwritable(
            "the length of " + files.get(piece.file).name(),
            flat.fileEnd(),
            "the extent ends at byte " + (flat.start() + piece.line.length()));
      if (piece.extent instanceof SparseExtent extent && isZeroed(extent))
        return unwritable(
            "the version of " + files.get(piece.file).name(),
            extent.header().version(),
            "VirtualBox reads an image with zeroed grains wrong");
    }
    if (isAligned) return null;
    return unwritable(
        "the layout of its extents", "odd", "all have grains of one size and begin at a grain");
  }

  private static boolean isZeroed(SparseExtent extent) {
    return extent.header().hasZeroedGrains() || extent.header().version() == 2;
  }

  private ImageFormatException unwritable(String field, Object value, String rule) {
    return new ImageFormatException(
        name(),
        field,
        value,
        rule,
        "it is only read: take a snapshot, so that an image on top is written");
  }

  @Override
  public void onlyRead() throws IOException {
    try {
      markClean();
    } catch (IOException _) {
      // The mark stays: a crash leaves it too, and no program minds.
    }
    for (ImageFile file : files) file.onlyRead();
  }

  /** Notes in the files that this program writes to them. Not durable. */
  void announce(Supplier<UUID> ids) throws IOException {
    if (!isChanged) descriptor.renewModifyId(ids.get());
    isChanged = true;
    for (SparseExtent extent : sparse()) extent.mark();
  }

  /** Notes in the files that all changes were made durable, if they were. */
  void markClean() throws IOException {
    List<SparseExtent> marked = sparse().stream().filter(SparseExtent::isMarked).toList();
    if (marked.isEmpty() || marked.stream().anyMatch(e -> e.table().hasChanges())) return;
    sync();
    for (SparseExtent extent : marked) extent.unmark();
    sync();
  }

  @Override
  public boolean leavesHoles() {
    return sparse().stream().anyMatch(SparseExtent::isWritable);
  }

  @Override
  public LayerWriter writer(MapLock lock, ReaderEpochs writes, Supplier<UUID> ids) {
    return new VmdkLayerWriter(this, lock, ids);
  }

  @Override
  public void changeParent(@Nullable LayerFacts parent, MapLock lock) throws IOException {
    UUID id = parent == null ? null : requireNonNull(parent.id(), "a parent has an id");
    if (id != null && isFlat())
      throw new IOException(name() + " is a fixed image and cannot have a parent");
    descriptor.changeParent(id, parent == null ? null : parent.modifyId(), firstSparse(), lock);
  }

  @Override
  public void grow(long capacity, boolean hidesParents) throws IOException {
    VmdkGrowth.grow(this, capacity, hidesParents);
  }

  @Override
  public void close() throws IOException {
    if (closed) return; // other images may use the files
    closed = true;
    for (Piece piece : pieces) piece.extent.close();
    IOException failure = null;
    for (ImageFile file : files) {
      try {
        file.close();
      } catch (IOException e) {
        failure = e;
      }
    }
    if (failure != null) throw failure;
  }
}
