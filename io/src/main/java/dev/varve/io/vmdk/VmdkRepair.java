package dev.varve.io.vmdk;

import dev.varve.io.file.ImageFile;
import dev.varve.io.vmdk.ExtentScan.Problem;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.UUID;

/**
 * Repairs an image in place: makes the two copies of its grain tables equal, gives up entries that
 * cannot be right, cuts the files behind their last grain, and removes the mark of an unclean end.
 * Where the copies contradict each other the first counts, as QEMU reads it. A crash leaves an
 * image that can be repaired again. Not thread-safe; blocks.
 */
final class VmdkRepair {

  private static final int SECTOR = GrainDirectory.SECTOR;

  private final VmdkImage image;
  private final List<String> done = new ArrayList<>();

  private VmdkRepair(VmdkImage image) {
    this.image = image;
  }

  /**
   * Repairs an image whose files may be written.
   *
   * @return what was done, a sentence each; empty if nothing was wrong
   * @throws IOException if it cannot be repaired, and nothing was changed; or a write failed, and
   *     the extents before that one are repaired
   */
  static List<String> repair(VmdkImage image) throws IOException {
    List<ExtentScan> scans = new ArrayList<>();
    for (SparseExtent extent : image.sparse()) {
      ExtentScan scan = extent.scan();
      if (scan.count(Problem.TABLE_OUTSIDE) != null
          || scan.count(Problem.OVERLAPPING_TABLES) != null)
        throw new IOException(
            extent.file().name()
                + ": its grain tables are lost, and nothing tells where grains lie: restore the image"
                + " from a backup");
      scans.add(scan);
    }
    var repair = new VmdkRepair(image);
    for (int i = 0; i < scans.size(); i++) repair.repair(image.sparse().get(i), scans.get(i));
    return repair.done;
  }

  private void repair(SparseExtent extent, ExtentScan scan) throws IOException {
    ImageFile file = extent.file();
    if (writePages(file, scan)) {
      if (!scan.lost().isEmpty()) image.descriptor().renewModifyId(UUID.randomUUID());
      file.sync();
    }
    TableMending.doubleTables(file, scan);
    tell(extent, scan);
    cut(extent);
    if (!extent.header().isUnclean()) return;
    extent.unmark();
    file.sync();
    done.add(file.name() + ": the mark of an unclean end is removed");
  }

  private void tell(SparseExtent extent, ExtentScan scan) {
    String name = extent.file().name();
    if (scan.isMendable()) done.add(name + ": the two copies of its grain tables are equal again");
    String fate = image.facts().isDifferencing() ? "read as the parent's" : "read as zeroes";
    for (Problem problem : Problem.values()) {
      ExtentScan.Count count = scan.count(problem);
      if (count == null) continue;
      done.add(
          problem == Problem.CONTRADICTING_COPIES
              ? "%s: of %d entries that contradicted their copies, the first ones count"
                  .formatted(name, count.number())
              : "%s: %d entries are given up and %s, since %s (%s)"
                  .formatted(name, count.number(), fate, problem, count.first()));
    }
  }

  /** Writes the pages that change to both copies; false if there are none. */
  private static boolean writePages(ImageFile file, ExtentScan scan) throws IOException {
    GrainDirectory directory = scan.directory();
    int entries = directory.pageEntries();
    BitSet lost = scan.lost();
    var pages = (BitSet) scan.unequalPages().clone();
    lost.stream().forEach(grain -> pages.set(grain / entries));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment page = arena.allocate(SECTOR);
      for (int number = pages.nextSetBit(0); number >= 0; number = pages.nextSetBit(number + 1)) {
        long at = directory.offset(number);
        long copy = directory.copy(number);
        scan.readPage(number, page);
        for (int i = 0; i < entries; i++)
          if (lost.get(number * entries + i)) page.set(GrainDirectory.ENTRY, 4L * i, 0);
        if (at >= 0) file.write(at, page);
        if (copy >= 0) file.write(copy, page);
      }
    }
    return !pages.isEmpty();
  }

  private void cut(SparseExtent extent) throws IOException {
    ExtentScan now = extent.scan();
    long trailing = now.trailingBytes();
    if (trailing <= 0) return;
    extent.file().setLength(now.fileLength() - trailing);
    extent.file().sync();
    done.add(
        "%s: %d bytes behind the last grain are cut".formatted(extent.file().name(), trailing));
  }
}
