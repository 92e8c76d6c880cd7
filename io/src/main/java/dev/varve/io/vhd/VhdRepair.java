package dev.varve.io.vhd;

import static dev.varve.io.vhd.VhdFields.INT;
import static dev.varve.io.vhd.VhdFields.SECTOR;

import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.ImageFormatException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Repairs an image: both footers become equal and get right checksums, entries that name no place
 * of their own become free, and the file is cut behind its last block. Not thread-safe; blocks.
 *
 * <p>The footer that counts is the one at the end, as for VirtualBox, unless it is damaged and its
 * copy is not. Entries become durable before the footers do, and those before the file is cut. So a
 * crash leaves an image that can be repaired again.
 */
final class VhdRepair {

  private final ImageFile file;
  private final VhdHead head;
  private final List<String> done = new ArrayList<>();

  private VhdRepair(ImageFile file, VhdHead head) {
    this.file = file;
    this.head = head;
  }

  /**
   * Repairs {@code file}.
   *
   * @return what was done, a sentence each; empty if nothing was wrong
   * @throws ImageFormatException if neither footer leads to an image; nothing was changed
   */
  static List<String> repair(ImageFile file) throws IOException {
    VhdHead head = head(HeadSource.of(file));
    return new VhdRepair(file, head).repair();
  }

  /** The head by the footer that counts. */
  private static VhdHead head(HeadSource file) throws IOException {
    VhdHead byFooter = null;
    ImageFormatException failure = null;
    try {
      byFooter = VhdHead.read(file);
    } catch (ImageFormatException e) {
      failure = e;
    }
    if (byFooter != null && byFooter.footer().hasRightChecksum()) return byFooter;
    VhdHead byCopy = byCopy(file);
    if (byCopy != null && (byFooter == null || byCopy.footer().hasRightChecksum())) return byCopy;
    if (byFooter != null) return byFooter;
    throw failure != null ? failure : new IOException(file.name() + " cannot be repaired");
  }

  private static @Nullable VhdHead byCopy(HeadSource file) throws IOException {
    try {
      return VhdHead.readByCopy(file);
    } catch (ImageFormatException _) {
      return null;
    }
  }

  private List<String> repair() throws IOException {
    if (head.isFixed()) {
      repairFixed();
      return done;
    }
    BlockScan scan = BlockScan.of(head, BlockTable.of(file, head));
    freeLostBlocks(scan);
    repairHeader();
    VhdHead mended = repairFooters(scan.usedEnd());
    cut(mended, scan.usedEnd());
    return done;
  }

  private void repairFixed() throws IOException {
    if (head.footer().hasRightChecksum()) return;
    file.write(head.footerAt(), head.footer().resealed().bytes());
    file.sync();
    done.add("checksum of the footer corrected");
  }

  private void freeLostBlocks(BlockScan scan) throws IOException {
    String fate = head.type() == VhdType.DIFFERENCING ? "the parent's contents" : "zeroes";
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment free = arena.allocate(INT);
      free.set(INT, 0, BlockTable.FREE);
      for (int i = 0; i < scan.count(); i++) {
        if (scan.fault(i) == BlockScan.Fault.NONE) continue;
        file.write(head.dynamic().tableOffset() + (long) Integer.BYTES * scan.block(i), free);
      }
    }
    for (BlockScan.Fault fault : BlockScan.Fault.values()) {
      String blocks = scan.blocksWith(fault);
      if (blocks != null && fault != BlockScan.Fault.NONE)
        done.add("lost, now " + fate + ": " + blocks + ", since " + scan.rule(fault));
    }
    if (!done.isEmpty()) file.sync();
  }

  private void repairHeader() throws IOException {
    if (head.dynamic().hasRightChecksum()) return;
    file.write(head.footer().headerOffset(), head.dynamic().resealed().firstSector());
    file.sync();
    done.add("checksum of the header corrected");
  }

  private VhdHead repairFooters(long used) throws IOException {
    VhdFooter footer = head.footer().isChanging() ? head.footer().changed() : head.footer();
    if (!footer.hasRightChecksum()) footer = footer.resealed();
    long footerAt = head.footerAt();
    if (footerAt < 0) {
      long last = head.fileLength() - SECTOR;
      boolean damaged = used <= last && hasFooterAt(last); // it is replaced where it is
      footerAt = damaged ? last : Math.ceilDiv(head.fileLength(), SECTOR) * SECTOR;
    }
    if (head.footerAt() < 0 || !footer.equalTo(head.footer())) {
      file.write(footerAt, footer.bytes());
      file.sync();
      done.add(head.footerAt() < 0 ? "footer written from its copy" : "footer corrected");
    }
    VhdFooter copy = head.copy();
    if (copy == null || !copy.equalTo(footer)) {
      file.write(0, footer.bytes());
      file.sync();
      done.add("copy of the footer corrected");
    }
    return head.withFooter(footer).withFooterAt(footerAt);
  }

  private boolean hasFooterAt(long at) throws IOException {
    return VhdFooter.isFooter(HeadSource.of(file).read(at, SECTOR));
  }

  private void cut(VhdHead mended, long used) throws IOException {
    if (used + SECTOR > mended.footerAt()) return;
    long length = mended.fileLength();
    new FileEnd(file, mended, used, 0).cut();
    file.sync();
    done.add("file length changed from %d to %d".formatted(length, used + SECTOR));
  }
}
