package dev.varve.io.chain;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.io.vdi.BlockAllocator;
import dev.varve.io.vdi.BlockEntry;
import dev.varve.io.vdi.VdiImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Leaves an image's file dense: blocks at its end move down into unused places, and it is cut
 * behind the last. Done when everything is committed and nobody reads or writes. A crash in between
 * leaves each entry at the old or the new place of its block, both of which hold it.
 */
final class DenseFile {

  private final VdiImage image;
  private final BlockAllocator allocator;
  private final Places places;

  private DenseFile(VdiImage image, Places places) {
    this.image = image;
    this.allocator = image.allocator();
    this.places = places;
  }

  /** Leaves an image as it is that was not changed, and has no unused places. Waits. */
  static void makeIfChanged(VdiImage image, Places places) throws IOException {
    BlockAllocator allocator = image.allocator();
    boolean countIsRight = image.writtenHeader().allocatedBlocks() == allocator.count();
    if (image.isChanged() || allocator.unusedCount() > 0 || !countIsRight) make(image, places);
  }

  /** Also cuts off what an earlier crash left behind the last place. Waits. */
  static void make(VdiImage image, Places places) throws IOException {
    new DenseFile(image, places).make();
  }

  private void make() throws IOException {
    int dense = allocator.count() - allocator.unusedCount();
    if (moveDown(dense)) {
      image.file().sync();
      image.map().beginCommit();
      image.map().write();
      image.file().sync();
      image.map().endCommit();
    }
    allocator.trim();
    image.header(image.header().withAllocatedBlocks(allocator.count()));
    image.writeHeader(image.header());
    places.cutFile();
    image.file().sync();
  }

  private boolean moveDown(int dense) throws IOException {
    if (dense == allocator.count()) return false;
    List<int[]> high = new ArrayList<>();
    image
        .map()
        .forEach(
            (block, place) -> {
              if (place >= dense && place != BlockEntry.FREE && place != BlockEntry.ZERO)
                high.add(new int[] {block, place});
            });
    boolean moved = false;
    try {
      for (int[] move : high) {
        int place = places.take();
        ChainReader.copy(
            image.file(),
            image.blockOffset(move[1]),
            image.blockOffset(place),
            image.header().visibleLength(move[0]),
            image.file());
        image.map().set(move[0], place);
        allocator.release(move[1]);
        moved = true;
      }
    } catch (OutOfSpaceException _) {
      // The host has no room to fill the holes: the file is good, but keeps them.
    }
    return moved;
  }
}
