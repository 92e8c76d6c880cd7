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
 * Repairs an image and makes it dense. Blocks that cannot be kept become free; the others fill the
 * file from its first file block on, and nothing follows them. Not thread-safe; blocks.
 *
 * <p>Blocks outside the file cannot be kept. Of blocks with the same file block only the first is
 * kept, as VirtualBox does it. A block that is not kept reads as the parent's afterwards, or as
 * zeroes in a base.
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
   * @param found the scan of the file
   * @return what was done, a sentence each; empty if nothing was wrong
   */
  static List<String> repair(ImageFile file, MapScan found, Supplier<UUID> uuids)
      throws IOException {
    if (found.isDense()) return List.of();
    return new VdiRepair(file, found).repair(uuids);
  }

  /**
   * The order in which changes become durable: copies of blocks, the entries that point at them,
   * the count, the file's end. Nothing that an entry in the file points at is overwritten or cut.
   * So after a crash every block that is kept is readable, and the image can be repaired again.
   */
  private List<String> repair(Supplier<UUID> uuids) throws IOException {
    int fileBlocks = found.fileBlocksNeeded();
    boolean lost = freeLostBlocks();
    moveBlocksInto(fileBlocks);
    file.sync();
    map.beginCommit();
    map.write();
    file.sync();
    writeHeader(fileBlocks, lost, uuids);
    file.sync();
    cutBehind(fileBlocks);
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

  /** Copies the blocks in file blocks from {@code fileBlocks} on into unused lower ones. */
  private void moveBlocksInto(int fileBlocks) throws IOException {
    var target = new int[] {found.nextUnused(0)};
    var moved = new int[1];
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(Math.min(COPY_LENGTH, header.stride()));
      map.forEach(
          (block, entry) -> {
            boolean stays = Integer.compareUnsigned(entry, fileBlocks) < 0;
            if (stays || !BlockEntry.isFileBlock(entry)) return;
            copy(Integer.toUnsignedLong(entry), target[0], buffer);
            map.set(block, target[0]);
            target[0] = found.nextUnused(target[0] + 1);
            moved[0]++;
          });
    }
    if (moved[0] > 0) done.add("blocks moved into unused places: " + moved[0]);
  }

  /** Copies a file block with its extra bytes; the last one of a file may be short. */
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

  private void writeHeader(int fileBlocks, boolean lost, Supplier<UUID> uuids) throws IOException {
    VdiHeader repaired = header.withAllocatedBlocks(fileBlocks);
    if (lost) repaired = repaired.withModifyUuid(uuids.get());
    file.write(0, repaired.bytes());
    if (header.allocatedBlocks() != fileBlocks) {
      done.add(
          "number of allocated blocks corrected from %s to %d"
              .formatted(Integer.toUnsignedString(header.allocatedBlocks()), fileBlocks));
    }
  }

  private void cutBehind(int fileBlocks) throws IOException {
    long end = found.endOf(fileBlocks);
    if (found.endsAt(fileBlocks)) return;
    file.setLength(end);
    done.add("file length changed from %d to %d".formatted(found.fileLength(), end));
  }
}
