package dev.varve.io.vdi;

import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Makes an image sound and dense: blocks that cannot be kept become free, the others fill the file
 * from its first place on, nothing follows them.
 *
 * <p>Not kept are blocks outside the file, and of those that share a place all but the first, as
 * VirtualBox decides it. They read as the parent's afterwards, or as zeroes in a base.
 */
final class VdiRepair {

  private static final int COPY_LENGTH = 1 << 20;

  private final ImageFile file;
  private final MapScan found;
  private final VdiHeader header;
  private final BlockMap map;
  private final List<String> done = new ArrayList<>();

  private VdiRepair(ImageFile file, MapScan found) {
    this.file = file;
    this.found = found;
    this.header = found.header();
    this.map = new BlockMap(file, header.mapOffset(), header.blockCount());
  }

  /**
   * Repairs {@code file}.
   *
   * @param found what a scan of the file said
   * @return what was done, a sentence each; nothing if nothing was to do
   */
  static List<String> repair(ImageFile file, MapScan found, Supplier<UUID> uuids)
      throws IOException {
    if (found.isDense()) return List.of();
    return new VdiRepair(file, found).repair(uuids);
  }

  /**
   * The durable order: copies of blocks, then the entries that point at them, then the count, then
   * the file's end. A crash leaves every block that is kept readable, and the rest to be repaired
   * once more: nothing that an entry in the file points at is overwritten or cut.
   */
  private List<String> repair(Supplier<UUID> uuids) throws IOException {
    int places = found.placesNeeded();
    boolean lost = freeLostBlocks();
    moveBlocksInto(places);
    file.sync();
    map.beginCommit();
    map.write();
    file.sync();
    writeHeader(places, lost, uuids);
    file.sync();
    cutBehind(places);
    file.sync();
    return done;
  }

  private boolean freeLostBlocks() throws IOException {
    var again = new MapScan(header, found.fileLength());
    map.forEach(
        (block, entry) -> {
          switch (again.judge(block, entry)) {
            case OUTSIDE, SHARING -> map.set(block, BlockEntry.FREE);
            case GOOD, NOT_STORED -> {}
          }
        });
    String fate = header.type() == ImageType.DIFFERENCING ? "the parent's contents" : "zeroes";
    if (!found.outside().isEmpty()) {
      done.add("lost, now " + fate + ": " + found.outside() + " outside the file");
    }
    if (!found.sharing().isEmpty()) {
      done.add(
          "given up, now " + fate + ": " + found.sharing() + " in the place of an earlier block");
    }
    return !found.outside().isEmpty() || !found.sharing().isEmpty();
  }

  /** Copies the blocks in places from {@code places} on into unused places before. */
  private void moveBlocksInto(int places) throws IOException {
    var target = new int[] {found.nextUnused(0)};
    var moved = new int[1];
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(Math.min(COPY_LENGTH, header.stride()));
      map.forEach(
          (block, entry) -> {
            boolean stays = Integer.compareUnsigned(entry, places) < 0;
            if (stays || !BlockEntry.isFileBlock(entry)) return;
            copy(Integer.toUnsignedLong(entry), target[0], buffer);
            map.set(block, target[0]);
            target[0] = found.nextUnused(target[0] + 1);
            moved[0]++;
          });
    }
    if (moved[0] > 0) done.add("blocks moved into unused places: " + moved[0]);
  }

  /** With the extra bytes in front; the last place of a file may be short. */
  private void copy(long from, int to, MemorySegment buffer) throws IOException {
    long source = header.dataOffset() + from * header.stride();
    long target = header.dataOffset() + to * header.stride();
    long length = Math.min(header.stride(), found.fileLength() - source);
    for (long at = 0; at < length; at += buffer.byteSize()) {
      MemorySegment part = buffer.asSlice(0, Math.min(buffer.byteSize(), length - at));
      file.read(source + at, part);
      file.write(target + at, part);
    }
  }

  private void writeHeader(int places, boolean lost, Supplier<UUID> uuids) throws IOException {
    VdiHeader repaired = header.withAllocatedBlocks(places);
    if (lost) repaired = repaired.withModifyUuid(uuids.get());
    file.write(0, repaired.bytes());
    if (header.allocatedBlocks() != places) {
      done.add(
          "number of allocated blocks corrected from %s to %d"
              .formatted(Integer.toUnsignedString(header.allocatedBlocks()), places));
    }
  }

  private void cutBehind(int places) throws IOException {
    long end = found.endOf(places);
    if (found.endsAt(places)) return;
    file.setLength(end);
    done.add("file length changed from %d to %d".formatted(found.fileLength(), end));
  }
}
