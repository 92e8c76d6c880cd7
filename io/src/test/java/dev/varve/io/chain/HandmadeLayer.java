package dev.varve.io.chain;

import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumVariant;
import dev.varve.io.file.CrashingDisk;
import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerFacts;
import dev.varve.io.layer.LayerWriter;
import dev.varve.io.layer.MapLock;
import dev.varve.io.layer.Place;
import dev.varve.io.storage.ReaderEpochs;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A layer that holds single sectors in one or more files, and encoded blocks, whose bytes are those
 * of the guest with all bits turned. It can only be read.
 */
final class HandmadeLayer implements Layer {

  private static final int SECTOR = 512;

  private final CrashingDisk disk;
  private final LayerFacts facts;
  private final List<ImageFile> files = new ArrayList<>();
  private final Map<Integer, Long> sectors = new HashMap<>();
  private final Map<Integer, byte[]> encoded = new HashMap<>();
  private volatile @Nullable Error failure;

  HandmadeLayer(CrashingDisk disk, UUID id, int capacity, int blockSize) throws IOException {
    this.disk = disk;
    this.facts =
        new LayerFacts(
            ImageFormat.OTHER, MediumVariant.STANDARD, id, null, null, null, capacity, blockSize);
    nextFile();
  }

  /** What is added from now on lies in another file. */
  void nextFile() throws IOException {
    files.add(disk.create(facts.id() + "-" + files.size(), 1 << 20));
  }

  /** Adds a sector for each letter but '.', behind those before it. */
  void sectors(int first, String letters) throws IOException {
    for (int i = 0; i < letters.length(); i++) {
      if (letters.charAt(i) == '.') continue;
      ImageFile file = files.getLast();
      long offset = file.length();
      file.write(offset, Guest.memory(Guest.filled(SECTOR, letters.charAt(i))));
      sectors.put(first + i, Place.at(files.size() - 1, offset));
    }
  }

  /** Adds an encoded block that shows a sector for each letter. */
  void encoded(int block, String letters) {
    byte[] bytes = new byte[letters.length() * SECTOR];
    for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) ~letters.charAt(i / SECTOR);
    encoded.put(block, bytes);
  }

  @Override
  public LayerFacts facts() {
    return facts;
  }

  @Override
  public String name() {
    return "handmade " + facts.id();
  }

  @Override
  public List<ImageFile> files() {
    return files;
  }

  /** From now on every question where a range is fails; null ends it. */
  void failWith(@Nullable Error failure) {
    this.failure = failure;
  }

  @Override
  public long find(long offset, int length) {
    Error failing = failure;
    if (failing != null) throw failing;
    if (encoded.containsKey((int) (offset / blockSize()))) return Place.ENCODED;
    if (run(offset, length) < length) return Place.MIXED;
    Long place = sectors.get((int) (offset / SECTOR));
    return place == null ? Place.FREE : place + offset % SECTOR;
  }

  @Override
  public int run(long offset, int length) {
    int toBlockEnd = (int) (blockSize() - offset % blockSize());
    int limit = Math.min(length, toBlockEnd);
    if (encoded.containsKey((int) (offset / blockSize()))) return limit;
    int first = (int) (offset / SECTOR);
    int sector = first;
    while (sector * SECTOR < offset + limit && follows(first, sector)) sector++;
    return (int) Math.min(limit, (long) sector * SECTOR - offset);
  }

  private boolean follows(int first, int sector) {
    Long begin = sectors.get(first);
    Long place = sectors.get(sector);
    if (begin == null || place == null) return begin == null && place == null;
    return place == begin + (long) (sector - first) * SECTOR;
  }

  @Override
  public void decode(long offset, MemorySegment destination) {
    byte[] bytes = encoded.get((int) (offset / blockSize()));
    int start = (int) (offset % blockSize());
    for (int i = 0; i < destination.byteSize(); i++)
      destination.set(ValueLayout.JAVA_BYTE, i, (byte) ~bytes[start + i]);
  }

  @Override
  public void requireOurs() throws IOException {
    requireIntact();
  }

  @Override
  public void allowWriting() throws IOException {
    throw readOnly();
  }

  @Override
  public boolean leavesHoles() {
    return false;
  }

  @Override
  public LayerWriter writer(MapLock lock, ReaderEpochs writes, Supplier<UUID> ids) {
    throw new IllegalStateException("it can only be read");
  }

  @Override
  public void changeParent(@Nullable LayerFacts parent, MapLock lock) throws IOException {
    throw readOnly();
  }

  @Override
  public void grow(long capacity, boolean hidesParents) throws IOException {
    throw readOnly();
  }

  private IOException readOnly() {
    return new IOException(name() + " can only be read");
  }

  @Override
  public void close() throws IOException {
    for (ImageFile file : files) file.close();
  }
}
