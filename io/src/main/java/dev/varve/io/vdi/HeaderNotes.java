package dev.varve.io.vdi;

import static dev.varve.io.vdi.HeaderLayout.INT;
import static dev.varve.io.vdi.HeaderLayout.LONGEST;
import static dev.varve.io.vdi.HeaderLayout.PRE_HEADER;
import static dev.varve.io.vdi.HeaderLayout.SECTOR_SIZE_AT;
import static dev.varve.io.vdi.HeaderLayout.VERSION_1_1;
import static dev.varve.io.vdi.HeaderLayout.hex;
import static dev.varve.io.vdi.HeaderLayout.versionText;
import static dev.varve.io.vdi.VdiHeader.NO_UUID;
import static dev.varve.io.vdi.VdiHeader.SECTOR;

import java.util.ArrayList;
import java.util.List;

/**
 * Notes on what is unusual in a header but breaks no rule, mostly on how other tools treat it.
 * Stateless; any thread.
 */
final class HeaderNotes {

  /** The only flag with a meaning: new blocks are filled with zeroes. */
  private static final int FLAG_ZERO_EXPAND = 1;

  private HeaderNotes() {}

  /** Whether VirtualBox 7.2 refuses an image because of this valid header. */
  static boolean virtualBoxRefuses(VdiHeader header) {
    return hasNoGeometry(header) || isOddBlockSize(header.blockSize());
  }

  private static boolean hasNoGeometry(VdiHeader header) {
    boolean extended = header.bytes().byteSize() >= LONGEST;
    return extended && header.bytes().get(INT, SECTOR_SIZE_AT) == 0;
  }

  private static boolean isOddBlockSize(int blockSize) {
    return blockSize < 128 << 10 || blockSize > 128 << 20;
  }

  /** The notes, a sentence each; empty for most images. */
  static List<String> of(VdiHeader header) {
    var notes = new ArrayList<String>();
    addLayout(header, notes);
    addBlocks(header, notes);
    addType(header, notes);
    return List.copyOf(notes);
  }

  private static void addLayout(VdiHeader header, List<String> notes) {
    if (header.layout() == HeaderLayout.V0_2 || header.version() != VERSION_1_1) {
      notes.add("version " + versionText(header.version()) + ": QEMU opens only 1.1");
    }
    if (header.headerSize() > header.mapOffset() - PRE_HEADER) {
      notes.add(
          "header size "
              + header.headerSize()
              + " reaches past the map offset "
              + header.mapOffset());
    }
    if (hasNoGeometry(header)) {
      notes.add("no geometry is stored, not even its sector size: VirtualBox refuses the image");
    }
    if (header.storedCapacity() != header.capacity()) {
      notes.add(
          "disk size %d is no multiple of %d: shown as %d, as VirtualBox does; QEMU rounds up"
              .formatted(header.storedCapacity(), SECTOR, header.capacity()));
    }
  }

  private static void addBlocks(VdiHeader header, List<String> notes) {
    int blockSize = header.blockSize();
    if (isOddBlockSize(blockSize)) {
      notes.add("block size " + blockSize + ": VirtualBox 7.2 opens 131072 to 134217728");
    } else if (blockSize != 1 << 20 && header.type() != ImageType.DIFFERENCING) {
      notes.add("block size " + blockSize + ": QEMU opens only 1048576");
    }
    if (header.blockExtra() != 0) {
      notes.add(
          "block extra " + header.blockExtra() + ": QEMU ignores it and shows wrong contents");
    }
    if ((header.flags() & ~FLAG_ZERO_EXPAND) != 0)
      notes.add("image flags " + hex(header.flags()) + " ignored");
  }

  private static void addType(VdiHeader header, List<String> notes) {
    boolean hasParent = !header.parentUuid().equals(NO_UUID);
    switch (header.type()) {
      case UNDO -> notes.add("image type 3 (undo): treated as dynamic");
      case FIXED -> {
        if (header.allocatedBlocks() < header.blockCount() && header.isCountPossible()) {
          notes.add(
              "fixed image with %d of %d blocks allocated: it was trimmed"
                  .formatted(header.allocatedBlocks(), header.blockCount()));
        }
      }
      case DIFFERENCING -> {
        if (!hasParent) {
          notes.add("differencing image without a parent uuid: name its chain to open it");
        }
      }
      case DYNAMIC -> {}
    }
    if (hasParent && header.type() != ImageType.DIFFERENCING) {
      notes.add(
          "parent uuid " + header.parentUuid() + " in an image that is not differencing: ignored");
    }
  }
}
