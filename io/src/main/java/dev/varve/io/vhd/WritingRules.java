package dev.varve.io.vhd;

import static dev.varve.io.vhd.VhdFields.SECTOR;
import static dev.varve.io.vhd.VhdFields.hex;

import dev.varve.io.layer.ImageFormatException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rules that an image must obey to be written, besides those of {@link VhdHead}: a program that
 * reads the other footer, or checks a checksum, must see the same image. Stateless; any thread.
 */
final class WritingRules {

  private static final String REPAIR =
      "VirtualBox reads the image, other programs do not: 'varve image check --repair' mends it";

  private WritingRules() {}

  /**
   * @throws ImageFormatException for the first rule that the head breaks
   */
  static void check(VhdHead head) throws ImageFormatException {
    ImageFormatException broken = broken(head);
    if (broken != null) throw broken;
  }

  /** The first rule that the head breaks; null if it can be written. */
  static @Nullable ImageFormatException broken(VhdHead head) {
    ImageFormatException broken = footer(head);
    if (broken == null && !head.isFixed()) broken = copy(head);
    if (broken == null && !head.isFixed()) broken = header(head);
    return broken;
  }

  /**
   * Fails if the disk of an image cannot become as large as {@code capacity}.
   *
   * @throws ImageFormatException for the first rule that it would break
   */
  static void checkGrowth(VhdHead head, long capacity) throws ImageFormatException {
    long limit = NewVhd.MAX_CAPACITY;
    if (capacity > limit)
      throw new ImageFormatException(
          head.name(),
          "disk size",
          head.capacity(),
          "it cannot grow to %d: a VHD disk has at most %d bytes".formatted(capacity, limit),
          "copy the disk into a VDI image of that size");
    if (capacity % SECTOR != 0)
      throw new ImageFormatException(
          head.name(),
          "new disk size",
          capacity,
          "a disk has whole sectors of 512 bytes",
          "choose a multiple of 512");
    ImageFormatException broken = WritingRules.broken(head);
    if (broken != null) throw broken;
  }

  /** What is unusual in an image that can be read, a sentence each. */
  static List<String> notes(VhdHead head) {
    List<String> notes = new ArrayList<>();
    if (head.footerAt() < 0)
      notes.add(
          "the file does not end in a footer, as after a crash: VirtualBox opens it for writing"
              + " only; it is mended when Varve opens it for writing");
    ImageFormatException broken = broken(head);
    if (broken != null) notes.add("it can only be read: " + broken.getMessage());
    return notes;
  }

  private static @Nullable ImageFormatException footer(VhdHead head) {
    VhdFooter footer = head.footer();
    if (!footer.hasRightChecksum())
      return rule(
          head,
          "checksum of the footer",
          hex(footer.checksum()),
          "its bytes give " + hex(footer.rightChecksum()),
          REPAIR);
    if (footer.isSavedState())
      return rule(
          head,
          "saved state",
          1,
          "a suspended machine of Virtual PC goes on with the disk as it is",
          "resume that machine and shut it down, or make a snapshot and write to that");
    return null;
  }

  private static @Nullable ImageFormatException copy(VhdHead head) {
    VhdFooter copy = head.copy();
    if (head.footerAt() < 0 || copy != null && copy.isChanging()) return null; // see FooterChange
    if (copy == null)
      return rule(
          head, "copy of the footer", "missing", "the file begins with a copy of it", REPAIR);
    if (copy.equalTo(head.footer())) return null;
    return rule(
        head, "copy of the footer", "different", "both footers have the same bytes", REPAIR);
  }

  private static @Nullable ImageFormatException header(VhdHead head) {
    DynamicHeader header = head.dynamic();
    if (!header.hasRightChecksum())
      return rule(
          head,
          "checksum of the header",
          hex(header.checksum()),
          "its bytes give " + hex(header.rightChecksum()),
          REPAIR);
    if (head.blockSize() < VhdHead.MIN_WRITTEN_BLOCK)
      return rule(
          head,
          "block size",
          head.blockSize(),
          "VirtualBox opens blocks of %d bytes and more".formatted(VhdHead.MIN_WRITTEN_BLOCK),
          "make a snapshot and write to that, or copy the disk into a new image");
    if (head.footer().headerOffset() % SECTOR != 0)
      return rule(
          head,
          "header offset",
          head.footer().headerOffset(),
          "the header begins with a sector",
          "copy the disk into a new image");
    return null;
  }

  private static ImageFormatException rule(
      VhdHead head, String field, Object value, String rule, String advice) {
    return new ImageFormatException(head.name(), field, value, rule, advice);
  }
}
