package dev.varve.io.vmdk;

import dev.varve.io.layer.LayerWriter;
import dev.varve.io.layer.MapLock;
import dev.varve.io.layer.Place;
import dev.varve.io.vmdk.VmdkImage.Piece;
import java.io.IOException;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Writes a VMDK image. A grain gets a place at the end of its extent. A commit first notes in the
 * files that they are being written, and a new modify id; then it writes the sectors of the grain
 * tables that have changed, each followed by its copy. In a flat extent every block has its place.
 * Zeroes are stored: an entry of 1 would mark them, but VirtualBox reads it wrong.
 *
 * <p>A crash between a sector and its copy leaves tables that differ: VirtualBox refuses such an
 * image, and the next opening for writing mends it first. One write cannot reach both, so nothing
 * can close that gap; it is as short as two calls of the host. Threads: as {@link LayerWriter}
 * says.
 */
final class VmdkLayerWriter implements LayerWriter {

  private final VmdkImage image;
  private final List<SparseExtent> sparse;
  private final MapLock lock;
  private final Supplier<UUID> ids;

  /** Whether a commit collects its changes; guarded by {@link #lock}. */
  private boolean collecting;

  VmdkLayerWriter(VmdkImage image, MapLock lock, Supplier<UUID> ids) {
    this.image = image;
    this.sparse = image.sparse();
    this.lock = lock;
    this.ids = ids;
  }

  // ---- what the format can say

  @Override
  public boolean makesHoles() throws IOException {
    return image.givesSpaceBack();
  }

  // ---- places

  private long offset(int block) {
    return (long) block * image.blockSize();
  }

  private Piece piece(int block) {
    return image.piece(offset(block));
  }

  private int grain(int block, Piece piece) {
    return (int) ((offset(block) - piece.start()) / image.blockSize());
  }

  @Override
  public long placeOf(int block) throws IOException {
    Piece piece = piece(block);
    if (!(piece.extent() instanceof SparseExtent extent)) return flatPlace(block, piece);
    synchronized (lock) {
      long place = extent.placeOf(grain(block, piece));
      return place < 0 ? place : Place.at(piece.file(), place);
    }
  }

  private long flatPlace(int block, Piece piece) {
    long start = ((FlatExtent) piece.extent()).start();
    return Place.at(piece.file(), start + offset(block) - piece.start());
  }

  @Override
  public long take(int block, boolean overwritten) throws IOException {
    Piece piece = piece(block);
    if (!(piece.extent() instanceof SparseExtent extent)) return flatPlace(block, piece);
    return Place.at(piece.file(), extent.take(grain(block, piece), lock));
  }

  @Override
  public void giveBack(int block, long place) {
    if (piece(block).extent() instanceof SparseExtent extent) extent.giveBack(Place.offset(place));
  }

  // ---- published

  @Override
  public void publish(int block, long place) throws IOException {
    assert lock.isHeld();
    Piece piece = piece(block);
    if (!(piece.extent() instanceof SparseExtent extent)) return;
    int grain = grain(block, piece);
    int sector = (int) (Place.offset(place) / GrainDirectory.SECTOR);
    if (extent.table().entry(grain) == sector) return;
    if (collecting) extent.table().setInCommit(grain, sector);
    else extent.table().set(grain, sector);
  }

  // ---- a commit

  private record VmdkCommit(boolean hasData, boolean hasEntries) implements Commit {}

  @Override
  public boolean needsCommit() {
    assert lock.isHeld();
    return sparse.stream().anyMatch(extent -> extent.table().hasChanges());
  }

  @Override
  public void beginCommit() {
    assert lock.isHeld();
    for (SparseExtent extent : sparse) extent.table().beginCommit();
    collecting = true;
  }

  @Override
  public Commit collect(boolean changed) {
    assert lock.isHeld();
    collecting = false;
    return new VmdkCommit(changed, sparse.stream().anyMatch(e -> e.table().isCommitting()));
  }

  @Override
  public void announce(Commit commit) throws IOException {
    image.announce(ids);
  }

  @Override
  public void writeEntries() throws IOException {
    for (SparseExtent extent : sparse) extent.table().write();
  }

  @Override
  public void endCommit() {
    assert lock.isHeld();
    for (SparseExtent extent : sparse) extent.table().endCommit();
  }

  @Override
  public void abandonCommit() {
    assert lock.isHeld();
    collecting = false;
  }

  // ---- the end

  /** Cuts each file behind its last grain and removes the mark; grains do not move. */
  @Override
  public void makeDense(boolean alsoUnchanged) throws IOException {
    cutFile();
    image.markClean();
  }

  @Override
  public void cutFile() throws IOException {
    for (SparseExtent extent : sparse) extent.cutFile();
  }
}
