package dev.varve.io.host;

import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumVariant;
import dev.varve.io.file.ImageFile;
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
 * A raw file or block device as the base of a chain. Every byte of the disk is at the same offset
 * in the file, and holes of the file count as not held. The file stores neither an id nor a parent.
 * Its contents make no difference.
 *
 * <p>Threads: as {@link Layer} says.
 */
public final class RawLayer implements Layer {

  /** Holes are searched in pieces of this size. */
  static final int BLOCK_SIZE = 1 << 20;

  private final RawMedium medium;
  private final ImageFile file;
  private final List<ImageFile> files;
  private final LayerFacts facts;

  private RawLayer(RawMedium medium) {
    this.medium = medium;
    this.file = medium.file();
    this.files = List.of(file);
    this.facts = facts(medium.capacity());
  }

  /** A layer over an open file or device. */
  public static RawLayer open(RawMedium medium) {
    return new RawLayer(medium);
  }

  static LayerFacts facts(long capacity) {
    return new LayerFacts(
        ImageFormat.RAW, MediumVariant.FIXED, null, null, null, null, capacity, BLOCK_SIZE);
  }

  public RawMedium medium() {
    return medium;
  }

  @Override
  public LayerFacts facts() {
    return facts;
  }

  @Override
  public List<ImageFile> files() {
    return files;
  }

  @Override
  public long find(long offset, int length) throws IOException {
    long end = offset + length;
    return file.nextData(offset, end) == end ? Place.FREE : Place.at(0, offset);
  }

  @Override
  public boolean givesSpaceBack() {
    return medium.givesSpaceBack();
  }

  @Override
  public void requireOurs() throws IOException {
    requireIntact();
  }

  /** Checks files only: a device cannot be truncated, and requests to a removed device fail. */
  @Override
  public void requireIntact() throws IOException {
    file.requireIntact();
    if (!medium.isDevice())
      medium.requireReach(
          medium.capacity(),
          "another process truncated it; restore its length, or the file from a backup");
  }

  @Override
  public void allowWriting() throws IOException {
    lockForWriting();
  }

  @Override
  public boolean leavesHoles() {
    return false;
  }

  @Override
  public LayerWriter writer(MapLock lock, ReaderEpochs writes, Supplier<UUID> ids) {
    return new RawLayerWriter(file, medium.capacity());
  }

  /** A raw image is always a base. */
  @Override
  public void changeParent(@Nullable LayerFacts parent, MapLock lock) throws IOException {
    if (parent != null) throw new IOException(name() + " is a raw image and cannot have a parent");
  }

  /** {@inheritDoc} The added part is a hole. */
  @Override
  public void grow(long capacity, boolean hidesParents) throws IOException {
    if (medium.isDevice()) throw new IOException(name() + RawFormat.DEVICE_STAYS);
    if (capacity <= medium.capacity()) return;
    file.setLength(capacity);
    file.sync();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
