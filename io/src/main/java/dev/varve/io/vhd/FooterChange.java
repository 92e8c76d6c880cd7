package dev.varve.io.vhd;

import static dev.varve.io.vhd.VhdFields.SECTOR;

import dev.varve.io.file.ImageFile;
import java.io.IOException;

/**
 * Changes the footer of a dynamic or differencing image, which is in the file twice, and mends what
 * a crash left of such a change. Stateless; blocks.
 *
 * <p>The copy gets the new footer first, with a mark that says so; then the footer; then the copy
 * without the mark. Each step is durable before the next one. VirtualBox goes by the footer, QEMU
 * by the copy; both find a right one at any time. As long as the copy has the mark, the footer
 * counts.
 */
final class FooterChange {

  private static final System.Logger LOG = System.getLogger(FooterChange.class.getName());

  private FooterChange() {}

  /**
   * Writes another footer; durable when it returns.
   *
   * @param footerAt where the footer is
   */
  static void write(ImageFile file, long footerAt, VhdFooter changed) throws IOException {
    file.write(0, changed.changing().bytes());
    file.sync();
    file.write(footerAt, changed.bytes());
    file.sync();
    file.write(0, changed.bytes());
    file.sync();
  }

  /** Whether a crash left the image without a footer, or amid a change of it. */
  static boolean isNeeded(VhdHead head) {
    VhdFooter copy = head.copy();
    return !head.isFixed() && (head.footerAt() < 0 || copy != null && copy.isChanging());
  }

  /**
   * Puts the footers of an image right that obeys the {@link WritingRules}; durable when it
   * returns.
   *
   * @return the head that the file has then
   */
  static VhdHead mend(ImageFile file, VhdHead head) throws IOException {
    if (!isNeeded(head)) return head;
    VhdFooter footer = head.footer();
    if (footer.isChanging()) footer = footer.changed();
    long footerAt = head.footerAt();
    if (footerAt < 0) {
      footerAt = Math.ceilDiv(head.fileLength(), SECTOR) * SECTOR;
      file.write(footerAt, footer.bytes());
      file.sync();
    }
    VhdFooter copy = head.copy();
    if (copy == null || !copy.equalTo(footer)) {
      file.write(0, footer.bytes());
      file.sync();
    }
    LOG.log(
        System.Logger.Level.INFO,
        "{0} had no footer, or two different ones, as after a crash: corrected",
        head.name());
    return head.withFooter(footer).withFooterAt(footerAt);
  }
}
