package dev.varve.io.vhd;

import static dev.varve.io.vhd.VhdFields.SECTOR;

import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.ForeignChange;
import dev.varve.io.layer.InPlaceWriter;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerFacts;
import dev.varve.io.layer.LayerWriter;
import dev.varve.io.layer.MapLock;
import dev.varve.io.layer.Place;
import dev.varve.io.storage.ReaderEpochs;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An open fixed VHD file: every byte of the disk is at the same offset in the file, and the footer
 * lies behind the disk. It is always a base.
 *
 * <p>Threads: as {@link Layer} says.
 */
final class FixedVhd implements Layer {

  private final ImageFile file;
  private final List<ImageFile> files;
  private final VhdHead head;
  private boolean closed;

  FixedVhd(ImageFile file, VhdHead head) {
    this.file = file;
    this.files = List.of(file);
    this.head = head;
  }

  @Override
  public LayerFacts facts() {
    return head.facts();
  }

  @Override
  public List<String> notes() {
    return WritingRules.notes(head);
  }

  @Override
  public List<ImageFile> files() {
    return files;
  }

  @Override
  public long find(long offset, int length) {
    return Place.at(0, offset);
  }

  @Override
  public void requireOurs() throws IOException {
    file.requireIntact();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment found = arena.allocate(SECTOR);
      file.read(head.footerAt(), found);
      if (found.mismatch(head.footer().bytes()) >= 0) throw ForeignChange.found(file, "its footer");
    }
  }

  @Override
  public void allowWriting() throws IOException {
    WritingRules.check(head);
    lockForWriting();
  }

  @Override
  public boolean leavesHoles() {
    return false;
  }

  @Override
  public LayerWriter writer(MapLock lock, ReaderEpochs writes, Supplier<UUID> ids) {
    return new InPlaceWriter(file, VhdHead.FIXED_BLOCK);
  }

  @Override
  public void changeParent(@Nullable LayerFacts parent, MapLock lock) throws IOException {
    if (parent != null)
      throw new IOException(name() + " is a fixed image and cannot have a parent");
  }

  @Override
  public void grow(long capacity, boolean hidesParents) throws IOException {
    FixedGrowth.grow(file, head, capacity);
  }

  @Override
  public void close() throws IOException {
    if (closed) return; // other images may use the file
    closed = true;
    file.close();
  }
}
