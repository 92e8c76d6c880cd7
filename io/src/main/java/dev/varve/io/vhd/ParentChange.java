package dev.varve.io.vhd;

import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.EntryTable;
import dev.varve.io.layer.LayerFacts;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Makes a differencing image the child of another, or a base. Stateless; blocks. */
final class ParentChange {

  private ParentChange() {}

  /** Whether an image with this head would change. */
  static boolean isNeeded(VhdHead head, @Nullable LayerFacts parent) {
    if (parent == null) return head.type() == VhdType.DIFFERENCING;
    return head.isFixed() || !Objects.equals(head.dynamic().parent(), parent.id());
  }

  /** Fails if the image cannot have this parent. */
  static void check(VhdHead head, @Nullable LayerFacts parent) throws IOException {
    if (parent == null) return;
    if (head.type() != VhdType.DIFFERENCING)
      throw new IOException(head.name() + " is not a differencing image and cannot have a parent");
    if (parent.id() == null)
      throw new IOException(
          head.name() + " stores the id of its parent, but the parent has none: register it first");
  }

  /**
   * Changes the parent; durable when this returns. The id of the parent lies in one sector, which a
   * crash leaves old or new. A base has another type in its footers: see {@link FooterChange}.
   *
   * @param footers writes the footers
   * @return the head that the file has then
   */
  static VhdHead change(
      ImageFile file, VhdHead head, FooterWriter footers, @Nullable LayerFacts parent)
      throws IOException {
    check(head, parent);
    if (head.type() != VhdType.DIFFERENCING) return head; // it is a base already
    VhdHead changed = head;
    if (parent == null) {
      VhdFooter base = head.footer().withType(VhdType.DYNAMIC);
      footers.write(base);
      changed = changed.withFooter(base);
    }
    DynamicHeader header = head.dynamic().withParent(parent == null ? null : parent.id());
    if (!header.equalTo(head.dynamic())) {
      file.write(head.footer().headerOffset(), header.firstSector());
      changed = changed.withHeader(header);
    }
    file.sync();
    return changed;
  }

  /** Replaces both footers of an image, durably. */
  interface FooterWriter {
    void write(VhdFooter changed) throws IOException;
  }

  /**
   * Zeroes the sectors that an image does not hold within its blocks: in a base they read as
   * zeroes, but QEMU shows what lies there. They are invisible before and afterwards.
   */
  static void clearMissing(ImageFile file, VhdHead head, EntryTable table) throws IOException {
    var bitmaps = new Bitmaps(file, head.blockSize());
    table.forEach(
        (block, entry) -> {
          if (entry == BlockTable.FREE || block >= head.blocks()) return;
          long start = BlockTable.offset(entry);
          long data = start + head.bitmapLength();
          bitmaps
              .of(block, start, head.visible(block))
              .eachMissing(
                  head.visible(block), (within, length) -> file.zero(data + within, length));
        });
  }
}
